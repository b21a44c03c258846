import { interrupted } from '../core/errors.ts'
import { FairQueue } from './fair-queue.ts'
import { ParserProcess, type ProcessLimits } from './process-handle.ts'
import type { ReadJob } from './process-messages.ts'

export interface PoolLimits extends ProcessLimits {
  /** Most processes at once. */
  readonly processes: number
}

export interface PoolRequest {
  readonly signal: AbortSignal | undefined
  /** Files of one owner are read one after the other, files of several at the same time. */
  readonly owner: string
}

interface Waiting<Result> extends PoolRequest {
  readonly job: ReadJob
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
  /** The signal may outlive many jobs: each removes its listener. */
  readonly leaveQueue: () => void
}

/**
 * Reads files in processes, one file per process and owner at a time: a file that takes its whole time keeps others of its
 * owner waiting, not those of another, as long as there are fewer such owners than processes.
 */
export class ParsePool<Result> {
  readonly #worker: URL
  readonly #limits: PoolLimits
  readonly #queue = new FairQueue<Waiting<Result>>()
  readonly #busy = new Set<string>()
  readonly #all = new Set<ParserProcess<Result>>()
  #idle: ParserProcess<Result> | null = null
  #closed = false

  /** @param worker module of the thread that reads in each process */
  constructor(worker: URL, limits: PoolLimits) {
    this.#worker = worker
    this.#limits = limits
  }

  run(job: ReadJob, { signal, owner }: PoolRequest): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(interrupted(signal))
        return
      }
      const onAbort = (): void => {
        this.#queue.remove(waiting)
        reject(interrupted(signal))
      }
      const waiting: Waiting<Result> = {
        ...{ job, signal, owner, resolve, reject },
        leaveQueue: () => signal?.removeEventListener('abort', onAbort),
      }
      this.#queue.push(waiting)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#next()
    })
  }

  /** Ends the processes; what is still running or waiting fails as interrupted. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { reject, leaveQueue } of this.#queue.drain()) {
      leaveQueue()
      reject(interrupted())
    }
    await Promise.all([...this.#all].map((one) => one.end()))
  }

  #next(): void {
    while (!this.#closed && this.#busy.size < this.#limits.processes) {
      const waiting = this.#queue.take(this.#busy)
      if (waiting === undefined) return
      waiting.leaveQueue()
      // Of several jobs with one signal, the first to be aborted gets here before the others are.
      if (waiting.signal?.aborted) waiting.reject(interrupted(waiting.signal))
      else void this.#work(waiting)
    }
  }

  async #work({ job, owner, signal, resolve, reject }: Waiting<Result>): Promise<void> {
    this.#busy.add(owner)
    const one = this.#process()
    try {
      resolve(await one.run(job, signal))
    } catch (error) {
      reject(this.#closed ? interrupted() : error)
    } finally {
      this.#busy.delete(owner)
      this.#release(one)
      this.#next()
    }
  }

  #process(): ParserProcess<Result> {
    const idle = this.#idle
    this.#idle = null
    if (idle?.usable) return idle
    if (idle !== null) this.#all.delete(idle)
    const one = new ParserProcess<Result>(this.#worker, this.#limits)
    this.#all.add(one)
    return one
  }

  /** One stays, since starting takes a tenth of a second; the others give their memory back. */
  #release(one: ParserProcess<Result>): void {
    if (one.usable && this.#idle === null && !this.#closed) {
      this.#idle = one
      return
    }
    void one.end().then(() => this.#all.delete(one))
  }
}
