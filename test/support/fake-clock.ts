import { interrupted } from '../../src/core/errors.ts'
import type { Clock } from '../../src/hosted/clock.ts'

export interface FakeClock extends Clock {
  /** Every wait asked for, in ms. */
  readonly waits: readonly number[]
  /** From now on a wait ends only when it is interrupted; resolves when the first such wait begins. */
  stop(): Promise<void>
  /** Lets time pass without anyone waiting. */
  advance(ms: number): void
}

/** Time that passes at once whenever someone waits for it. */
export function fakeClock(): FakeClock {
  const waits: number[] = []
  let now = Date.parse('2026-11-22T12:00:00Z')
  let onStopped: (() => void) | undefined
  return {
    waits,
    now: () => now,
    advance(ms) {
      now += ms
    },
    stop() {
      return new Promise((resolve) => {
        onStopped = resolve
      })
    },
    async wait(ms, signal) {
      if (signal.aborted) throw interrupted(signal)
      waits.push(ms)
      if (onStopped === undefined) {
        now += ms
        return
      }
      onStopped()
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(interrupted(signal)), { once: true })
      })
    },
  }
}
