import { audited } from '../access/audited.ts'
import type { Config, Options } from '../config/config.ts'
import { thisActor } from '../core/actor.ts'
import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Revector } from '../library/revector.ts'
import { type Log, openLog, silentLog } from '../logs/log.ts'
import { createRedactor, type Redactor, secretsOf } from '../logs/redact.ts'
import { askConsent } from './consent.ts'
import { asRevectorError, exitCodeOf, failureDocument, failureText, failureTrace } from './failure.ts'
import { type Interrupt, listenForInterrupt } from './interrupt.ts'
import { openProgress, type Progress } from './progress.ts'
import type { GlobalFlags, Terminal } from './terminal.ts'

/** What every command works with. */
export interface Context {
  readonly flags: GlobalFlags
  readonly terminal: Terminal
  readonly revector: Revector
  readonly config: Omit<Config, 'keys'>
  readonly log: Log
  readonly redactor: Redactor
  /** Folder of the embedded engine; null on a server. */
  readonly dataDir: string | null
  readonly onProgress: OnProgress
  /**
   * For long calls: shows progress and lets Ctrl-C end them at a suitable place, `limitMs` after it at the latest (default:
   * `serve.stopTimeoutMs`).
   */
  longCall(
    place?: string,
    limitMs?: number,
  ): { readonly signal: AbortSignal; readonly onProgress: OnProgress }
  /** @throws RevectorError CONSENT_MISSING */
  consent(question: string): Promise<void>
  /**
   * Records a change in the audit log, with the user of the command as actor. Actions that HTTP also offers
   * have the same name there.
   */
  change<T>(action: string, subject: string, work: () => Promise<T>): Promise<T>
  /** A part of the result for users, as it arrives; `result` follows. Never with --json. */
  write(piece: string): void
  /** The command's result: one JSON document, or text for users. */
  result(document: object, text: () => string): void
}

/** Sets the exit code, if it isn't 0. */
export type Work = (context: Context) => Promise<number | undefined>

/** What a command's action calls once its arguments are parsed. */
export type Start = (work: Work) => Promise<void>

/** What statements under way have to end after Ctrl-C, before their connections are cut. */
const farewellMs = 500

/** Runs one command, from reading the configuration to closing the database. Never throws. */
export async function runCommand(flags: GlobalFlags, terminal: Terminal, work: Work): Promise<number> {
  const interrupt = listenForInterrupt(terminal)
  const opened: ToClose = { log: silentLog, redactor: createRedactor() }
  let code: number
  try {
    const working = prepare(flags, terminal, interrupt, opened).then(work)
    working.catch(() => {})
    code = (await Promise.race([working, interrupt.raised])) ?? 0
  } catch (error) {
    code = report(error, flags, terminal, opened)
  }
  opened.progress?.stop()
  try {
    // After Ctrl-C nothing waits long for a database that may have stopped answering.
    await opened.revector?.db.close(interrupt.signal.aborted ? { patienceMs: farewellMs } : {})
  } catch (error) {
    if (code === 0) code = report(error, flags, terminal, opened)
  }
  opened.log.close()
  interrupt.dispose(code)
  return code
}

/** What has been opened so far; closed at the end however far the command came. */
interface ToClose {
  log: Log
  redactor: Redactor
  progress?: Progress
  revector?: Revector
  /** Whether standard output has its one document. */
  answered?: true
}

async function prepare(
  flags: GlobalFlags,
  terminal: Terminal,
  interrupt: Interrupt,
  opened: ToClose,
): Promise<Context> {
  const [{ readConfig }, { createRevector }] = await Promise.all([
    import('../config/config.ts'),
    import('../library/revector.ts'),
  ])
  const { keys, ...options } = readConfig(optionsOf(flags), { file: flags.config })
  const secrets = secretsOf({ ...options, keys })
  opened.redactor = createRedactor(secrets)
  // Without --verbose, warnings are part of the command's output; with it, everything is log lines.
  const logsToTerminal =
    !terminal.quiet && (flags.verbose === true || /^(debug|info)$/.test(options.logLevel))
  opened.log = await openLog({
    level: flags.verbose === true ? 'debug' : options.logLevel,
    dir: options.logDir,
    secrets,
    ...(logsToTerminal
      ? {
          stderr: {
            format: terminal.json ? 'json' : 'human',
            write: (text) => void process.stderr.write(text),
          },
        }
      : {}),
  })
  opened.progress = await openProgress(terminal, opened.log, logsToTerminal)
  opened.log.info('Command started.', { command: process.argv.slice(2).join(' ') })
  const revector = await createRevector({
    ...optionsOf(flags),
    configFile: flags.config,
    onProgress: (event) => opened.progress?.onProgress(event),
  })
  opened.revector = revector
  const onProgress: OnProgress = (event) => opened.progress?.onProgress(event)
  return {
    flags,
    terminal,
    revector,
    config: options,
    log: opened.log,
    redactor: opened.redactor,
    dataDir: options.databaseUrl === undefined ? options.dataDir : null,
    onProgress,
    longCall(place = 'the current batch', limitMs = options.serve.stopTimeoutMs) {
      interrupt.waitForWork(place, limitMs)
      return { signal: interrupt.signal, onProgress }
    },
    consent: (question) => askConsent(terminal, flags, question),
    change: (action, subject, work) =>
      audited(revector.audit, { actor: thisActor(), action, subject }, work, (error) =>
        opened.log.error('An audit entry could not be closed.', { action, subject, error }),
      ),
    write(piece) {
      opened.progress?.stop()
      terminal.write(piece)
    },
    result(document, text) {
      opened.progress?.stop()
      opened.answered = true
      terminal.print(terminal.json ? JSON.stringify(document) : text())
    },
  }
}

function optionsOf(flags: GlobalFlags): Options {
  const { databaseUrl, dataDir, schema, logDir } = flags
  if (databaseUrl !== undefined && dataDir !== undefined) {
    throw new RevectorError('INVALID_INPUT', '--database-url and --data-dir were both given: expected one.', {
      hint: 'Omit --data-dir to use a server, or --database-url to use the embedded engine.',
    })
  }
  return Object.fromEntries(
    Object.entries({ databaseUrl, dataDir, schema, logDir }).filter(([, value]) => value !== undefined),
  )
}

function report(thrown: unknown, flags: GlobalFlags, terminal: Terminal, opened: ToClose): number {
  const error = asRevectorError(thrown)
  opened.progress?.stop()
  opened.log.error(error.message, { error })
  reportError(error, terminal, opened.redactor, opened.answered === true)
  if (flags.verbose === true) terminal.complain(failureTrace(error, opened.redactor))
  return exitCodeOf(error)
}

/** On standard output with --json, unless that already has its document; otherwise on standard error. */
export function reportError(
  error: RevectorError,
  terminal: Terminal,
  redactor: Redactor,
  answered = false,
): void {
  if (terminal.json && !answered) terminal.print(JSON.stringify(failureDocument(error, redactor)))
  else terminal.complain(failureText(error, redactor, terminal.noteStyle))
}
