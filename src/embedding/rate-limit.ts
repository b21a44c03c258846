import type { Clock } from './clock.ts'

export interface RateLimit {
  /** Waits, in the order of asking, until one request of this many tokens may start. */
  acquire(tokens: number, signal: AbortSignal): Promise<void>
  /** Nothing starts for this long: the provider asked for it. */
  pause(ms: number): void
}

/**
 * Two token buckets, one counting requests and one counting tokens. A bucket holds a sixth of a minute's
 * allowance, so that a start can't spend two minutes' worth in one. A request larger than a bucket starts
 * when the bucket is full and leaves it in debt.
 */
export function createRateLimit(
  limits: { requestsPerMinute: number | null; tokensPerMinute: number | null },
  clock: Clock,
): RateLimit {
  const requests = createBucket(limits.requestsPerMinute, clock)
  const tokens = createBucket(limits.tokensPerMinute, clock)
  let pausedUntil = 0
  let queue: Promise<void> = Promise.resolve()

  async function start(cost: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = Math.max(pausedUntil - clock.now(), requests.waitFor(1), tokens.waitFor(cost))
      if (waitMs <= 0) break
      await clock.wait(Math.ceil(waitMs), signal)
    }
    requests.take(1)
    tokens.take(cost)
  }

  return {
    acquire(cost, signal) {
      const turn = queue.then(() => start(cost, signal))
      // One who is interrupted must not hold up those behind.
      queue = turn.catch(() => undefined)
      return turn
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms)
    },
  }
}

function createBucket(perMinute: number | null, clock: Clock) {
  if (perMinute === null) return { waitFor: () => 0, take: () => undefined }
  const perMs = perMinute / 60_000
  const capacity = Math.max(1, perMinute / 6)
  let level = capacity
  let filledAt = clock.now()
  function refill(): void {
    const now = clock.now()
    // A system clock that is set back must not take anything away.
    level = Math.min(capacity, level + Math.max(0, now - filledAt) * perMs)
    filledAt = now
  }
  return {
    /** Milliseconds until this much may be taken. */
    waitFor(cost: number): number {
      refill()
      const needed = Math.min(cost, capacity) - level
      // Rounding must not leave a request waiting for the last billionth of a token.
      return needed <= 1e-6 ? 0 : needed / perMs
    },
    take(cost: number): void {
      refill()
      level -= cost
    },
  }
}
