import { type BackOff, backOffMs } from '../core/back-off.ts'
import type { Clock } from './clock.ts'
import { mostAttemptsAfter, ProviderFailure } from './failure.ts'

export interface RetryPolicy {
  readonly clock: Clock
  /** 0 ≤ x < 1. */
  readonly random: () => number
  readonly maxAttempts: number
  /** Called before each wait. */
  readonly onRetry: (event: { attempt: number; waitMs: number; failure: ProviderFailure }) => Promise<void>
}

const backOff: BackOff = { firstMs: 500, longestMs: 30_000 }
/** If a provider asks for a longer wait than this, the call fails: the caller should know, not hang. */
const longestRetryAfterMs = 5 * 60_000

/**
 * Runs `attempt` until it succeeds, fails permanently, or `maxAttempts` are used up; then throws its last
 * failure with the number of attempts in `attempts`.
 *
 * Waits as long as the provider asked; otherwise a random time between half and all of 0.5 s, 1 s, 2 s, … 30 s.
 * Without the randomness, all clients that were refused at once would retry at once.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt()
    } catch (error) {
      const enough = Math.min(policy.maxAttempts, mostAttemptsAfter(error))
      if (!(error instanceof ProviderFailure) || enough === 1) throw error
      const waitMs = error.retryAfterMs ?? backOffMs(tried, backOff, policy.random)
      if (tried >= enough || waitMs > longestRetryAfterMs) throw new GivenUp(error, tried)
      await policy.onRetry({ attempt: tried, waitMs, failure: error })
      await policy.clock.wait(waitMs, signal)
    }
  }
}

/** The last failure, with the number of attempts. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
  readonly failure: ProviderFailure
  readonly attempts: number

  constructor(failure: ProviderFailure, attempts: number) {
    super(failure.message)
    this.failure = failure
    this.attempts = attempts
  }
}

/**
 * The wait that a reply's headers ask for, in ms: `retry-after-ms`, or `retry-after` as seconds or as an HTTP
 * date. Null if they are absent or cannot be parsed.
 */
export function retryAfter(headers: Readonly<Record<string, string>>, now: number): number | null {
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (Number.isFinite(ms) && ms >= 0) return ms
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return null
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
