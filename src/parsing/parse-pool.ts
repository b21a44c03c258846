import { Worker } from 'node:worker_threads'
import type { ParsedDocument } from '../core/document.ts'
import { type ErrorCode, type ErrorData, interrupted, RevectorError } from '../core/errors.ts'
import { workerUrl } from '../core/worker-url.ts'
import type { DetectedType } from './detect.ts'
import type { ReadLimits } from './read-document.ts'

export interface ParseJob {
  readonly bytes: Uint8Array
  readonly type: DetectedType
  readonly fallbackTitle: string | null
  readonly limits: ReadLimits
}

export type ParseReply =
  | { readonly document: ParsedDocument }
  | { readonly failure: { code: ErrorCode; message: string; hint: string; data: ErrorData } }

export interface PoolLimits {
  readonly workers: number
  readonly timeoutMs: number
  /** JavaScript heap per worker, in MB. */
  readonly maxMemoryMb: number
}

interface Waiting {
  readonly job: ParseJob
  readonly signal: AbortSignal | undefined
  readonly resolve: (document: ParsedDocument) => void
  readonly reject: (error: unknown) => void
  /** The signal may outlive many jobs: each removes its listener. */
  readonly leaveQueue: () => void
}

/**
 * Runs jobs in worker threads, one job per thread at a time. A thread that hangs, dies or is aborted is
 * replaced.
 */
export class ParsePool {
  readonly #limits: PoolLimits
  #queue: Waiting[] = []
  readonly #idle: Worker[] = []
  readonly #all = new Set<Worker>()
  #closed = false

  constructor(limits: PoolLimits) {
    this.#limits = limits
  }

  run(job: ParseJob, signal: AbortSignal | undefined): Promise<ParsedDocument> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(interrupted(signal))
        return
      }
      const onAbort = (): void => {
        this.#queue = this.#queue.filter((other) => other !== waiting)
        reject(interrupted(signal))
      }
      const waiting: Waiting = {
        job,
        signal,
        resolve,
        reject,
        leaveQueue: () => signal?.removeEventListener('abort', onAbort),
      }
      this.#queue.push(waiting)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#next()
    })
  }

  /** Ends the threads; what is still running or waiting fails as interrupted. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { reject, leaveQueue } of this.#queue.splice(0)) {
      leaveQueue()
      reject(interrupted())
    }
    await Promise.all([...this.#all].map((worker) => worker.terminate()))
  }

  #next(): void {
    // Of several jobs with one signal, the first to be aborted gets here before the others are.
    for (const { signal, reject, leaveQueue } of this.#queue.filter((waiting) => waiting.signal?.aborted)) {
      leaveQueue()
      reject(interrupted(signal))
    }
    this.#queue = this.#queue.filter((waiting) => !waiting.signal?.aborted)
    if (this.#queue.length === 0) return
    const worker = this.#idle.pop() ?? (this.#all.size < this.#limits.workers ? this.#start() : undefined)
    const waiting = worker === undefined ? undefined : this.#queue.shift()
    if (worker === undefined || waiting === undefined) return
    waiting.leaveQueue()
    this.#work(worker, waiting)
  }

  #start(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, './parse-worker'), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.maxMemoryMb, stackSizeMb: 4 },
      // Parsers write warnings of their own, which must not reach the caller's terminal.
      stdout: true,
      stderr: true,
    })
    worker.stdout.resume()
    worker.stderr.resume()
    this.#all.add(worker)
    worker.on('exit', () => {
      this.#all.delete(worker)
      const place = this.#idle.indexOf(worker)
      if (place !== -1) this.#idle.splice(place, 1)
    })
    return worker
  }

  #work(worker: Worker, { job, signal, resolve, reject }: Waiting): void {
    worker.ref()
    const settle = (outcome: () => void, reusable: boolean): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      worker.removeAllListeners('message')
      worker.removeListener('error', onError)
      worker.removeListener('exit', onExit)
      if (reusable) {
        // An idle thread must not keep the process alive.
        worker.unref()
        this.#idle.push(worker)
      } else {
        worker.on('error', () => {})
        this.#all.delete(worker)
        void worker.terminate()
      }
      outcome()
      this.#next()
    }
    const onMessage = (reply: ParseReply): void => {
      settle(() => ('document' in reply ? resolve(reply.document) : reject(failed(reply.failure))), true)
    }
    const onError = (error: Error): void => settle(() => reject(this.#crashed(error)), false)
    const onExit = (): void => settle(() => reject(this.#closed ? interrupted() : this.#crashed(null)), false)
    const onAbort = (): void => settle(() => reject(interrupted(signal)), false)
    const timer = setTimeout(() => settle(() => reject(this.#timedOut()), false), this.#limits.timeoutMs)
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    signal?.addEventListener('abort', onAbort, { once: true })
    // A copy, because it is transferred to the worker: the caller keeps its own bytes.
    const bytes = new Uint8Array(job.bytes)
    worker.postMessage({ ...job, bytes } satisfies ParseJob, [bytes.buffer])
  }

  #timedOut(): RevectorError {
    const seconds = this.#limits.timeoutMs / 1000
    return new RevectorError(
      'PARSE_TIMEOUT',
      `The file took longer than ${seconds} s to parse and was aborted.`,
      {
        hint: 'Split the file, convert it to text, or raise the limit.',
        data: { timeout_ms: this.#limits.timeoutMs },
      },
    )
  }

  #crashed(error: Error | null): RevectorError {
    const outOfMemory = error !== null && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    return new RevectorError(
      'PARSE_FAILED',
      outOfMemory
        ? `The file needs more than ${this.#limits.maxMemoryMb} MB of memory to parse and was aborted.`
        : `The parser crashed on this file${error === null ? '' : ` (${error.message.split('\n')[0]})`}.`,
      { hint: 'Split the file or convert it to text.', ...(error === null ? {} : { cause: error }) },
    )
  }
}

function failed({
  code,
  message,
  hint,
  data,
}: Extract<ParseReply, { failure: unknown }>['failure']): RevectorError {
  return new RevectorError(code, message, { hint, data })
}
