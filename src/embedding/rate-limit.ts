import { isRevectorError } from '../core/errors.ts'
import type { Clock } from '../hosted/clock.ts'
import type { ModelSpec } from '../wire/model.ts'
import type { RateLimits, SharedRates } from './contract.ts'

/*
 * Our own, not a library's: requests and tokens are counted together, in order, by a clock that tests set, and shared by all
 * processes through the database instead of another service.
 */

export interface RateLimit {
  /** Waits, first come first served, until one request with this many tokens may start. */
  acquire(tokens: number, signal: AbortSignal): Promise<void>
  /** Nothing starts for this long, because the provider asked for it. */
  pause(ms: number): Promise<void>
}

/** The key that processes share; null: what runs on this machine has no account to share. */
export function sharedRateKey(spec: ModelSpec): string | null {
  switch (spec.provider) {
    case 'bundled':
    case 'lexical-hash':
    case 'transformers':
    case 'custom':
      return null
    default: {
      const host = spec.baseUrl !== null && URL.canParse(spec.baseUrl) ? new URL(spec.baseUrl).host : ''
      return [spec.provider, host, spec.remoteName].join(' ')
    }
  }
}

/**
 * As `createRateLimit`, shared by all processes that use the same model of the same account. A database that takes no
 * writes can share nothing: then this process keeps the limits by itself.
 */
export function shareRateLimit(
  key: string,
  limits: RateLimits,
  shared: SharedRates,
  clock: Clock,
): RateLimit {
  const own = createRateLimit(limits, clock)
  return inTurn(
    async (cost, signal) => {
      for (;;) {
        const waitMs = await shared.take(key, cost, limits).catch(unlessUnwritable)
        if (waitMs === null) return own.acquire(cost, signal)
        if (waitMs <= 0) return
        await clock.wait(Math.ceil(waitMs), signal)
      }
    },
    async (ms) => {
      if ((await shared.block(key, ms).catch(unlessUnwritable)) === null) await own.pause(ms)
    },
  )
}

function unlessUnwritable(error: unknown): null {
  if (isRevectorError(error, 'DATABASE_READ_ONLY') || isRevectorError(error, 'DATABASE_PERMISSION_DENIED'))
    return null
  throw error
}

/**
 * Two token buckets, one for requests and one for tokens. A bucket holds a sixth of a minute's allowance, so
 * that a start can't spend two minutes' worth in one. A request larger than a bucket starts when the bucket is
 * full and leaves it in debt.
 */
export function createRateLimit(limits: RateLimits, clock: Clock): RateLimit {
  const requests = createBucket(limits.requestsPerMinute, clock)
  const tokens = createBucket(limits.tokensPerMinute, clock)
  let pausedUntil = 0

  async function start(cost: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = Math.max(pausedUntil - clock.now(), requests.waitFor(1), tokens.waitFor(cost))
      if (waitMs <= 0) break
      await clock.wait(Math.ceil(waitMs), signal)
    }
    requests.take(1)
    tokens.take(cost)
  }

  return inTurn(start, async (ms) => {
    pausedUntil = Math.max(pausedUntil, clock.now() + ms)
  })
}

function inTurn(
  start: (cost: number, signal: AbortSignal) => Promise<void>,
  pause: RateLimit['pause'],
): RateLimit {
  let queue: Promise<void> = Promise.resolve()
  return {
    acquire(cost, signal) {
      const turn = queue.then(() => start(cost, signal))
      // An interrupted request must not hold up those behind it.
      queue = turn.catch(() => undefined)
      return turn
    },
    pause,
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
    // A system clock that is set back must not reduce the budget.
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
