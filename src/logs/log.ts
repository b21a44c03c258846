import type { ProgressEvent } from '../core/progress.ts'
import { type LogLevel, logLineOf } from './events.ts'
import { formatForPeople } from './human.ts'
import { createRedactor } from './redact.ts'
import { openRotatingFile } from './rotating-file.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** An event of a long call, as a line. */
  event(event: ProgressEvent): void
  close(): void
}

export interface LogOptions {
  /** Lowest level on standard error. Files always get `info` and above, and `debug` if this is `debug`. */
  readonly level: LogLevel | 'silent'
  /** Folder of `revector.log` as JSON lines, rotated. If not set: no files. */
  readonly dir?: string
  /** Where lines go besides files. If not set: nowhere. */
  readonly stderr?: { readonly format: 'human' | 'json'; readonly write: (text: string) => void }
  /** Values that must never appear; see `secretsOf`. */
  readonly secrets?: readonly string[]
  /** Size in bytes at which the file is rotated. Default 10 MB. */
  readonly maxBytes?: number
  /** Rotated files to keep. Default 5. */
  readonly maxFiles?: number
}

const nothing = () => {}
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  event: nothing,
  close: nothing,
}

/** Pino is loaded only if there is somewhere to write: a short command shouldn't wait for it. */
export async function openLog(options: LogOptions): Promise<Log> {
  const { level, dir, stderr } = options
  const toStderr = stderr !== undefined && level !== 'silent'
  if (dir === undefined && !toStderr) return silentLog
  const { pino } = await import('pino')
  const redactor = createRedactor(options.secrets)
  const file =
    dir === undefined
      ? undefined
      : openRotatingFile({
          dir,
          name: 'revector',
          maxBytes: options.maxBytes ?? 10_000_000,
          maxFiles: options.maxFiles ?? 5,
        })

  const fileLevel = level === 'debug' ? 'debug' : 'info'
  const streams = [
    ...(file === undefined ? [] : [{ level: fileLevel, stream: { write: file.write } } as const]),
    ...(toStderr ? [{ level, stream: { write: stderrWriter(stderr) } } as const] : []),
  ]
  const logger = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.multistream(streams),
  )

  function write(at: LogLevel, message: string, fields: Fields = {}): void {
    logger[at](redactor.value(fields), redactor.text(message))
  }
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    event(event) {
      const line = logLineOf(event)
      write(line.level, line.message, { event })
    },
    close: () => file?.close(),
  }
}

function stderrWriter({ format, write }: NonNullable<LogOptions['stderr']>): (line: string) => void {
  return format === 'json' ? write : (line) => write(formatForPeople(line))
}
