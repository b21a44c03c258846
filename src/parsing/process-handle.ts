import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { deserialize } from 'node:v8'
import { interrupted, RevectorError } from '../core/errors.ts'
import { workerUrl } from '../core/worker-url.ts'
import {
  type FromProcess,
  inParts,
  type ReadJob,
  type ReadReply,
  type ToProcess,
} from './process-messages.ts'

export interface ProcessLimits {
  readonly timeoutMs: number
  /** Resident memory of one process, in MB. */
  readonly maxMemoryMb: number
}

/** Of a process that reached its heap's limit, or that the system ended for want of memory. */
const memorySignals: ReadonlySet<unknown> = new Set(['SIGKILL', 'SIGABRT', 'SIGTRAP'])

/** A process that reads one file at a time, and is ended when a file takes too long or too much. */
export class ParserProcess<Result> {
  readonly #limits: ProcessLimits
  readonly #child: ChildProcess
  #usable = true

  /** @param worker module of the thread that reads */
  constructor(worker: URL, limits: ProcessLimits) {
    this.#limits = limits
    this.#child = fork(
      workerUrl(import.meta.url, './parser-process'),
      [worker.href, `${limits.maxMemoryMb}`],
      {
        execArgv: [],
        serialization: 'advanced',
        // Parsers write warnings of their own, which must not reach the caller's terminal.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        // A process with hostile files knows no keys. Windows starts none without its own variables.
        ...(process.platform === 'win32' ? {} : { env: {} }),
      },
    )
    this.#child.on('error', () => this.#discard())
    this.#child.on('exit', () => this.#discard())
    this.#rest()
  }

  /** Whether it may be given another file. */
  get usable(): boolean {
    return this.#usable
  }

  /** @throws RevectorError of the file, PARSE_TIMEOUT, PARSE_OUT_OF_MEMORY, PARSE_FAILED, INTERRUPTED */
  run(job: ReadJob, signal: AbortSignal | undefined): Promise<Result> {
    const child = this.#child
    child.ref()
    child.channel?.ref()
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void, reusable: boolean): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        child.off('message', onMessage)
        child.off('error', onError)
        child.off('exit', onExit)
        if (reusable) this.#rest()
        else this.#discard()
        outcome()
      }
      const parts: Uint8Array[] = []
      const onMessage = (message: FromProcess): void => {
        if (message instanceof Uint8Array) {
          parts.push(message)
        } else if (message.ended === 'replied') {
          const reply = replyOf<Result>(parts)
          settle(
            () => ('result' in reply ? resolve(reply.result) : reject(failed(reply.failure))),
            !message.spent,
          )
        } else {
          settle(() => reject(message.ended === 'memory' ? this.#full() : crashed(message.reason)), false)
        }
      }
      const onError = (error: Error): void => settle(() => reject(crashed(error.message, error)), false)
      const onExit = (code: number | null, by: NodeJS.Signals | null): void => {
        const memory = memorySignals.has(by) || code === 134
        settle(() => reject(memory ? this.#full() : crashed(`it ended with ${by ?? code}`)), false)
      }
      const onAbort = (): void => settle(() => reject(interrupted(signal)), false)
      const timer = setTimeout(() => settle(() => reject(this.#timedOut()), false), this.#limits.timeoutMs)
      child.on('message', onMessage)
      child.on('error', onError)
      child.on('exit', onExit)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#send(job).catch((error: Error) => {
        // While it counts as usable, its exit is still to come, and says more.
        if (!this.#usable) onError(error)
      })
    })
  }

  async #send({ bytes, ...rest }: ReadJob): Promise<void> {
    const send = (message: ToProcess): Promise<void> =>
      new Promise((resolve, reject) => {
        this.#child.send(message, (error) => (error === null ? resolve() : reject(error)))
      })
    for (const part of inParts(bytes)) await send(part)
    await send(rest)
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    this.#discard()
    const { pid, exitCode, signalCode } = this.#child
    if (pid !== undefined && exitCode === null && signalCode === null) await once(this.#child, 'exit')
  }

  /** An idle process must not keep its parent alive. */
  #rest(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }

  #discard(): void {
    if (!this.#usable) return
    this.#usable = false
    this.#child.kill('SIGKILL')
    this.#rest()
  }

  #timedOut(): RevectorError {
    const seconds = this.#limits.timeoutMs / 1000
    return new RevectorError(
      'PARSE_TIMEOUT',
      `The file took longer than ${seconds} s to parse and was aborted.`,
      {
        hint: 'Split the file, convert it to text, or raise `parseTimeoutMs`.',
        data: { timeout_ms: this.#limits.timeoutMs },
      },
    )
  }

  #full(): RevectorError {
    const { maxMemoryMb } = this.#limits
    return new RevectorError(
      'PARSE_OUT_OF_MEMORY',
      `The file needs more than ${maxMemoryMb} MB of memory to parse and was aborted.`,
      {
        hint: 'Split the file, convert it to text, or raise `parseMemoryMb`.',
        data: { limit_mb: maxMemoryMb },
      },
    )
  }
}

/** A process that was made to send anything else must not end this one. */
function replyOf<Result>(parts: readonly Uint8Array[]): ReadReply<Result> {
  try {
    return deserialize(Buffer.concat(parts))
  } catch {
    const message = 'The parser failed (its reply is damaged).'
    return { failure: { code: 'PARSE_FAILED', message, hint: 'Convert the file to text.', data: {} } }
  }
}

function crashed(reason: string | null, cause?: Error): RevectorError {
  return new RevectorError(
    'PARSE_FAILED',
    `The parser crashed on this file${reason === null ? '' : ` (${reason})`}.`,
    { hint: 'Split the file or convert it to text.', cause },
  )
}

type Failure = Extract<ReadReply<unknown>, { failure: unknown }>['failure']

function failed({ code, message, hint, data }: Failure): RevectorError {
  return new RevectorError(code, message, { hint, data })
}
