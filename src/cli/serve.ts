import type { Command } from 'commander'
import { counted } from '../core/counted.ts'
import { errorCatalogue } from '../core/errors.ts'
import { nonEmpty, wholeNumber } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { facts } from './text.ts'
import { version } from './version.ts'

interface Flags {
  readonly host?: string
  readonly port?: number
  readonly worker: boolean
}

export function addServe(program: Command, start: Start): void {
  program
    .command('serve')
    .summary('serve the HTTP API and the console')
    .description(
      'Serves the HTTP API, the console and the reference, and runs a worker for model migrations. Listens on this machine ' +
        'only, unless --host says otherwise; then a key is needed. Ctrl-C finishes open requests and exits.',
    )
    .option('--host <host>', 'address to listen on (default 127.0.0.1)', nonEmpty('--host'))
    .option('--port <port>', 'port to listen on, 0 for any (default 8080)', wholeNumber('--port', 0, 65_535))
    .option('--no-worker', 'run no worker; use `revector worker`')
    .action((flags: Flags) => start((context) => serve(context, flags)))
}

/** What the library has to close beyond that. */
const closingMs = 1_000

async function serve(context: Context, flags: Flags): Promise<number | undefined> {
  const { revector, terminal, config, log, redactor, dataDir } = context
  const [{ startService }, { mcpRoutes }] = await Promise.all([
    import('../http/serve.ts'),
    import('../mcp/http.ts'),
  ])
  // Until it listens there is no request to wait for: a signal ends it at once.
  const service = await startService({
    revector,
    log,
    redactor,
    version: version(),
    languageModel: revector.answers.languageModel,
    options: {
      ...config.serve,
      host: flags.host ?? config.serve.host,
      port: flags.port ?? config.serve.port,
    },
    work: flags.worker,
    onProgress: context.onProgress,
    extend: (app, deps) =>
      mcpRoutes(app, {
        revector: deps.revector,
        version: version(),
        onFault: (error) => log.error('A tool of an agent failed.', { error }),
      }),
  })
  const { stopDelayMs, stopTimeoutMs } = config.serve
  // It keeps to its limits itself.
  const { signal } = context.longCall('the requests under way', stopDelayMs + stopTimeoutMs + closingMs)
  const { url } = service
  context.result({ url, console: `${url}/`, docs: `${url}/docs`, worker: flags.worker }, () =>
    [
      terminal.style.bold(`Revector is at ${url}`),
      facts(
        [
          ['console', `${url}/`],
          ['reference', `${url}/docs`],
          ['data', dataDir ?? 'the PostgreSQL server'],
          ['answers', revector.answers.languageModel ?? 'extractive: no language model is configured'],
        ],
        terminal.style,
      ),
      'Press Ctrl-C to stop.',
    ].join('\n'),
  )
  const stopped = ended(signal)
  await Promise.race([noteBehind(context), stopped])
  await stopped
  const { lost, leftMs } = await service.stop()
  // With this patience and no more: the database may have stopped answering.
  await revector.db.close({ patienceMs: leftMs })
  if (lost > 0) terminal.complain(`${counted(lost, 'request was', 'requests were')} cut off.`)
  return signal.aborted && lost > 0 ? errorCatalogue.INTERRUPTED.exit : undefined
}

/** A service may be started before the upgrade; at a terminal it should say that it waits for that. */
async function noteBehind({ revector, terminal }: Context): Promise<void> {
  const { revision, latestRevision } = await revector.db.health()
  if (terminal.json || revision >= latestRevision) return
  terminal.note(
    `${terminal.noteStyle.yellow('warning:')} Not ready: the database is at revision ${revision} of ${latestRevision}. ` +
      'Run: revector db run',
  )
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
