import type { Command } from 'commander'
import type { Context, Start } from './run.ts'
import { version } from './version.ts'

interface Flags {
  readonly readOnly?: boolean
}

export function addMcp(program: Command, start: Start): void {
  program
    .command('mcp')
    .summary('serve agents over standard input and output')
    .description(
      'Serves the Model Context Protocol on standard input and output: tools that search, ask, ingest, list models and ' +
        'show the progress of a migration. The same tools are at /mcp of `revector serve`.',
    )
    .option('--read-only', 'leave out the tools that write')
    .action((flags: Flags) => start((context) => serve(context, flags)))
}

async function serve(context: Context, flags: Flags): Promise<undefined> {
  const { revector, terminal } = context
  const { serveStdio } = await import('../mcp/stdio.ts')
  // Sets up an empty database, but creates no schema, as `db init` does.
  await revector.db.getSupportedDimensions()
  const { signal } = context.longCall()
  terminal.note('Serving the Model Context Protocol on standard input and output.')
  await serveStdio(
    {
      revector,
      version: version(),
      writes: flags.readOnly !== true,
      actor: 'mcp',
      requestId: null,
      onFault: (error) => context.log.error('A tool failed.', { error }),
    },
    signal,
  )
}
