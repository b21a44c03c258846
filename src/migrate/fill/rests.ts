import type { Clock } from '../../hosted/clock.ts'
import type { Model } from '../../wire/model.ts'
import { providerBackOffMs } from './provider-failure.ts'

/** Models that a worker does not call for now, because their provider failed. */
export interface Rests {
  /** Rests for a while, longer after each failure. @returns the number of failures in a row */
  begin(model: Model): number
  /** Rests as long as the worker lives. */
  beginForGood(model: Model): void
  end(model: Model): void
  of(model: Model): 'none' | 'for now' | 'for good'
}

export function createRests(clock: Clock): Rests {
  const resting = new Map<number, { readonly until: number; readonly failures: number }>()
  return {
    begin({ id }) {
      const failures = (resting.get(id)?.failures ?? 0) + 1
      resting.set(id, { until: clock.now() + providerBackOffMs(failures), failures })
      return failures
    },
    beginForGood: ({ id }) => void resting.set(id, { until: Number.POSITIVE_INFINITY, failures: 0 }),
    end: ({ id }) => void resting.delete(id),
    of({ id }) {
      const until = resting.get(id)?.until ?? 0
      if (until === Number.POSITIVE_INFINITY) return 'for good'
      return until > clock.now() ? 'for now' : 'none'
    },
  }
}
