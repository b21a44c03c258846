import { expect, it } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import type { DatabaseOptions } from '../../src/postgres/database-options.ts'
import { sql } from '../../src/postgres/sql.ts'
import { afterUse, describeServer, type Engine, serverEngine } from '../support/engines.ts'
import { describePoolers, pooledPlace, startPooler } from '../support/pooler.ts'
import { type SilentProxy, silentProxy } from '../support/silent-proxy.ts'

async function behindProxy(
  engine: Engine,
  options: DatabaseOptions,
): Promise<{ db: Database; proxy: SilentProxy }> {
  const { databaseUrl } = (await engine.place()) as { readonly databaseUrl: string }
  const proxy = await silentProxy(databaseUrl)
  const db = await connectDatabase({ ...options, databaseUrl: proxy.databaseUrl })
  afterUse(() => db.close({ patienceMs: 0 }))
  return { db, proxy }
}

const unreachable = { code: 'DATABASE_UNREACHABLE' }

describeServer('a server that stops answering and closes nothing', (engine) => {
  it('fails what waits for it, whether it has a connection or waits for one, and is there again when it answers', async () => {
    const { db, proxy } = await behindProxy(engine, { statementTimeoutMs: 400, poolSize: 2 })
    await Promise.all([1, 2].map(() => db.query(sql`select pg_sleep(0.01)`)))
    proxy.swallow()
    const asked = await Promise.allSettled([
      ...Array.from({ length: 8 }, () => db.query(sql`select 1`)),
      db.transaction((tx) => tx.query(sql`select 1`)),
      (async () => {
        for await (const rows of db.stream(sql`select 1`)) expect(rows).toEqual([])
      })(),
    ])
    for (const one of asked) expect(one).toMatchObject({ status: 'rejected', reason: unreachable })
    await expect(db.query(sql`select 1`)).rejects.toMatchObject(unreachable)
    proxy.recover()
    // An attempt of before may still be under way.
    await expect
      .poll(async () => (await db.query(sql`select 1 as n`)).rows, { timeout: 20_000 })
      .toEqual([{ n: 1 }])
  })

  it('on the connections of before only, is asked again on a new one', async () => {
    const { db, proxy } = await behindProxy(engine, { statementTimeoutMs: 400, poolSize: 3 })
    await db.query(sql`create table t (n int)`)
    await Promise.all([1, 2, 3].map(() => db.query(sql`select pg_sleep(0.01)`)))
    proxy.swallow('open')
    expect((await db.query(sql`select 1 as n`)).rows).toEqual([{ n: 1 }])
    proxy.swallow('open')
    await db.transaction((tx) => tx.query(sql`insert into t values (1)`))
    // A single statement may have been stored.
    proxy.swallow('open')
    await expect(db.query(sql`insert into t values (2)`)).rejects.toMatchObject(unreachable)
    expect((await db.query(sql`select n from t`)).rows).toEqual([{ n: 1 }])
  })

  it('is told from a statement that takes long where there is no limit for it', async () => {
    const { db } = await behindProxy(engine, { statementTimeoutMs: 300 })
    const slept = await db.session(async (session) => {
      await session.query(sql`set statement_timeout = 0`)
      return session.query(sql`select pg_sleep(2)::text as slept`)
    })
    expect(slept.rows).toEqual([{ slept: '' }])
    await expect(db.query(sql`select pg_sleep(20)`)).rejects.toMatchObject({ data: { sqlstate: '57014' } })
  })

  it('does not keep the database from closing', async () => {
    const { db, proxy } = await behindProxy(engine, { poolSize: 2 })
    const locks = await db.holdLocks()
    await locks.tryLock(sql`1`)
    proxy.swallow()
    const asked = Promise.allSettled([1, 2, 3].map(() => db.query(sql`select 1`)))
    await db.close({ patienceMs: 50 })
    for (const one of await asked) expect(one).toMatchObject({ status: 'rejected' })
    await expect.poll(() => proxy.open(), { timeout: 20_000 }).toBe(0)
  })
})

describePoolers(
  'a connection to a pooler that has become silent while others are answered',
  (mode, url) => {
    it('is told from a statement that takes long, though neither has a limit', async () => {
      const pooled = await startPooler(url, mode)
      const { databaseUrl } = await pooledPlace(serverEngine(url), pooled)
      const proxy = await silentProxy(databaseUrl)
      const db = await connectDatabase({ databaseUrl: proxy.databaseUrl })
      const steady = await connectDatabase({ databaseUrl })
      for (const one of [db, steady]) afterUse(() => one.close({ patienceMs: 0 }))
      // Longer than the silence after which it is looked.
      const long = steady.query(sql`select 'long' as which, pg_sleep(${12})::text as slept`)
      const lost = db.query(sql`select 'lost' as which, pg_sleep(${2})::text as slept`)
      const running = sql`select from pg_stat_activity where datname = current_database() and query like 'select ''lost''%'`
      await expect.poll(async () => (await steady.query(running)).rowCount, { timeout: 20_000 }).toBe(1)
      proxy.swallow('open')
      expect((await lost).rows).toEqual([{ which: 'lost', slept: '' }])
      expect((await long).rows).toEqual([{ which: 'long', slept: '' }])
    })
  },
  [{ pool: 'transaction', prepared: false }],
)
