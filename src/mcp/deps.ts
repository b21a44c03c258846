import type { Revector } from '../library/revector.ts'

/** What the tools of one client need. */
export interface McpDeps {
  readonly revector: Revector
  readonly version: string
  /** Whether documents may be written. */
  readonly writes: boolean
  /** The caller, for the audit log. */
  readonly actor: string
  /** The signal of the HTTP request, if there is one. */
  readonly requestId: string | null
  /** Called with internal errors, of which agents learn nothing. */
  readonly onFault: (error: unknown) => void
}
