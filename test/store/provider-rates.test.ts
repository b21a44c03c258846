import { beforeAll, expect, it } from 'vitest'
import { shareRateLimit } from '../../src/embedding/rate-limit.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { blockRate, takeFromRate } from '../../src/store/provider-rates.ts'
import { describeEngines } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'

const none = { requestsPerMinute: null, tokensPerMinute: null }

/** As if time had passed since the bucket was last looked at. */
async function age(db: Database, seconds: number): Promise<void> {
  await db.query(sql`
    update provider_rates
    set refilled_at = refilled_at - ${seconds}::float8 * interval '1 second',
      blocked_until = blocked_until - ${seconds}::float8 * interval '1 second'`)
}

describeEngines('rates that workers share', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
    await runRevisions(db)
  })

  it('hold for all that ask at once', async () => {
    const limits = { requestsPerMinute: 60, tokensPerMinute: null }
    const began = performance.now()
    const waits = await Promise.all(Array.from({ length: 25 }, () => takeFromRate(db, 'a', 1, limits)))
    // A bucket holds ten requests; one a second flows in meanwhile.
    const seconds = Math.ceil((performance.now() - began) / 1_000)
    const taken = waits.filter((wait) => wait === 0).length
    expect(taken).toBeGreaterThanOrEqual(10)
    expect(taken).toBeLessThanOrEqual(Math.min(25, 10 + seconds))
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000)
    expect(await takeFromRate(db, 'b', 1, limits)).toBe(0)
    await age(db, 5)
    const later = await Promise.all(Array.from({ length: 10 }, () => takeFromRate(db, 'a', 1, limits)))
    expect(later.filter((wait) => wait === 0).length).toBeGreaterThanOrEqual(5)
  })

  it('count tokens, and let a request larger than the bucket through in debt', async () => {
    const limits = { requestsPerMinute: null, tokensPerMinute: 6_000 }
    expect(await takeFromRate(db, 'c', 5_000, limits)).toBe(0)
    const wait = await takeFromRate(db, 'c', 100, limits)
    expect(wait).toBeGreaterThan(30_000)
    expect(wait).toBeLessThanOrEqual(41_000)
    await age(db, 41)
    expect(await takeFromRate(db, 'c', 100, limits)).toBe(0)
  })

  it('stand still for all when the provider asked one to wait', async () => {
    expect(await takeFromRate(db, 'c', 1, none)).toBe(0)
    await blockRate(db, 'c', 20_000)
    await blockRate(db, 'c', 5_000)
    const wait = await takeFromRate(db, 'c', 1, none)
    expect(wait).toBeGreaterThan(15_000)
    expect(wait).toBeLessThanOrEqual(20_000)
    await age(db, 21)
    expect(await takeFromRate(db, 'c', 1, none)).toBe(0)
  })

  it('are waited for in the order of asking', async () => {
    const clock = fakeClock()
    const shared = {
      take: async (key: string, tokens: number, limits: typeof none) => {
        const waited = clock.waits.reduce((sum, ms) => sum + ms, 0)
        await age(db, waited / 1_000)
        return takeFromRate(db, key, tokens, limits)
      },
      block: (key: string, ms: number) => blockRate(db, key, ms),
    }
    const limit = shareRateLimit('c', none, shared, clock)
    await limit.acquire(1, new AbortController().signal)
    await limit.pause(30_000)
    await limit.acquire(1, new AbortController().signal)
    expect(clock.waits).toHaveLength(1)
    expect(clock.waits[0]).toBeGreaterThan(25_000)
  })

  it('are kept by this process alone where the database takes no writes', async () => {
    const clock = fakeClock()
    const refused = async () => db.transaction((tx) => takeFromRate(tx, 'd', 1, none), { readOnly: true })
    const shared = { take: refused, block: async () => void (await refused()) }
    await expect(refused()).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' })
    const limit = shareRateLimit('d', none, shared, clock)
    const { signal } = new AbortController()
    await limit.acquire(1, signal)
    await limit.pause(30_000)
    await limit.acquire(1, signal)
    expect(clock.waits).toEqual([30_000])
  })
})
