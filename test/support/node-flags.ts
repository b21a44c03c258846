/**
 * For the Nodes of the tests. The embedded engine is WebAssembly, and a test ends before optimised code of it pays for its
 * compilation: with the baseline compiler alone, opening a database and using it a little takes half the processor time
 * (4.0 s became 2.1 s). The examples and the runbook run without it, as users do.
 */
export const nodeFlags: readonly string[] = ['--liftoff-only']
