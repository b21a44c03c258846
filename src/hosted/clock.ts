import { setTimeout as delay } from 'node:timers/promises'
import { interrupted } from '../core/errors.ts'

/** Time as the layers see it, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds; only differences matter, except for `Retry-After` dates: since the epoch. */
  now(): number
  /** @throws RevectorError INTERRUPTED as soon as the signal aborts */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async wait(ms, signal) {
    try {
      await delay(ms, undefined, { signal })
    } catch {
      throw interrupted(signal)
    }
  },
}

/** The promise's result, or INTERRUPTED at once when the signal aborts, whether or not the work listens. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined)
    throw interrupted(signal)
  }
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(interrupted(signal))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}
