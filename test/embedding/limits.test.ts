import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import { layered } from '../../src/embedding/model.ts'
import { createRateLimit } from '../../src/embedding/rate-limit.ts'
import type { RawModel } from '../../src/embedding/raw-model.ts'
import { ProviderFailure } from '../../src/hosted/failure.ts'
import { retryAfter } from '../../src/hosted/retry.ts'
import { fakeClock } from '../support/fake-clock.ts'

const signal = new AbortController().signal

const roomy = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: 1,
  batchItems: 10,
  batchTokens: 100,
  maxInputTokens: 100,
  requestTimeoutMs: 10_000,
  maxAttempts: 1,
}

const eastward: RawModel = {
  embedBatch: async (texts) => ({ vectors: texts.map(() => [1, 0]), indexes: null, tokens: null }),
}

describe('limits per minute', () => {
  it('hold for requests', async () => {
    const clock = fakeClock()
    const limit = createRateLimit({ requestsPerMinute: 60, tokensPerMinute: null }, clock)
    const start = clock.now()
    for (let n = 0; n < 130; n += 1) await limit.acquire(1, signal)
    // 10 at once, then one a second.
    expect((clock.now() - start) / 1000).toBeCloseTo(120, 0)
  })

  it('hold for tokens, also where one request has more than a bucket', async () => {
    const clock = fakeClock()
    const limit = createRateLimit({ requestsPerMinute: null, tokensPerMinute: 6000 }, clock)
    const start = clock.now()
    for (const tokens of [5000, 100, 100, 5000]) await limit.acquire(tokens, signal)
    await limit.acquire(0, signal)
    // All but the bucket of 1,000 has to flow in at 100 a second before the last one's turn.
    expect((clock.now() - start) / 1000).toBeCloseTo((5000 + 200 + 5000 - 1000) / 100, 0)
  })

  it('fill up again while nobody asks, but no more than the bucket', async () => {
    const clock = fakeClock()
    const limit = createRateLimit({ requestsPerMinute: 60, tokensPerMinute: null }, clock)
    for (let n = 0; n < 10; n += 1) await limit.acquire(1, signal)
    clock.advance(3_600_000)
    for (let n = 0; n < 10; n += 1) await limit.acquire(1, signal)
    expect(clock.waits).toEqual([])
    await limit.acquire(1, signal)
    expect(clock.waits).toHaveLength(1)
  })

  it('serve in the order of asking, and let an interrupted one go', async () => {
    const clock = fakeClock()
    const limit = createRateLimit({ requestsPerMinute: 6, tokensPerMinute: null }, clock)
    await limit.acquire(1, signal)
    const order: string[] = []
    const stopped = limit.acquire(1, AbortSignal.abort()).catch(() => order.push('interrupted'))
    const second = limit.acquire(1, signal).then(() => order.push('second'))
    const third = limit.acquire(1, signal).then(() => order.push('third'))
    await Promise.all([stopped, second, third])
    expect(order).toEqual(['interrupted', 'second', 'third'])
  })

  it('stand still while the provider asks for it', async () => {
    const clock = fakeClock()
    const limit = createRateLimit({ requestsPerMinute: null, tokensPerMinute: null }, clock)
    limit.pause(5000)
    await limit.acquire(1, signal)
    expect(clock.waits).toEqual([5000])
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
  ])('%j is %s ms', (headers, expected) => {
    expect(retryAfter(headers as Record<string, string>, now)).toBe(expected)
  })
})

describe('a question', () => {
  it('does not wait behind documents for their leave, yet holds the limits of its own', async () => {
    const spec = specFor('tiny', { provider: 'custom', dimension: 2 })
    const clock = fakeClock()
    const model = layered(spec, eastward, {
      limits: { ...roomy, requestsPerMinute: 60, maxAttempts: 1 },
      countTokens: () => 1,
      exactTokens: true,
      rateLimit: {
        acquire: (_, stopped) => once(stopped, 'abort').then(() => Promise.reject(stopped.reason)),
        pause: async () => {},
      },
      clock,
    })
    const stop = new AbortController()
    const fill = model.embed(['a chunk'], { kind: 'document', signal: stop.signal })
    const ask = () => model.embed(['a question'], { kind: 'query' })
    for (let n = 0; n < 10; n += 1) await ask()
    expect(clock.waits).toEqual([])
    await ask()
    expect(clock.waits).toHaveLength(1)
    stop.abort()
    await expect(fill).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it('holds back documents too, when the provider asks it to wait', async () => {
    const spec = specFor('tiny', { provider: 'custom', dimension: 2 })
    const clock = fakeClock()
    const pauses: number[] = []
    let calls = 0
    const model = layered(
      spec,
      {
        async embedBatch(texts, kind, signal) {
          calls += 1
          if (calls === 1) throw new ProviderFailure('limited', 'Slow down.', { retryAfterMs: 7000 })
          return eastward.embedBatch(texts, kind, signal)
        },
      },
      {
        limits: { ...roomy, maxAttempts: 2 },
        countTokens: () => 1,
        exactTokens: true,
        rateLimit: { acquire: async () => {}, pause: async (ms) => void pauses.push(ms) },
        clock,
      },
    )
    await model.embed(['a question'], { kind: 'query' })
    expect(pauses).toEqual([expect.any(Number)])
    expect(pauses[0]).toBeGreaterThanOrEqual(7000)
  })
})
