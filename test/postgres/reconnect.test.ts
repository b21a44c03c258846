import { expect, it, onTestFinished } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import type { DatabaseEvent } from '../../src/postgres/database-options.ts'
import { sql } from '../../src/postgres/sql.ts'
import { describeServer } from '../support/engines.ts'
import { silentProxy } from '../support/silent-proxy.ts'

describeServer('a lost connection', (engine) => {
  /** A database and a second way into it, to end the connections of the first. */
  async function pair(): Promise<{ db: Database; other: Database; events: DatabaseEvent[] }> {
    const place = await engine.place()
    const events: DatabaseEvent[] = []
    const db = await connectDatabase({
      ...place,
      applicationName: 'victim',
      onEvent: (event) => events.push(event),
    })
    const other = await connectDatabase({ ...place, applicationName: 'other' })
    onTestFinished(async () => {
      await db.close()
      await other.close()
    })
    return { db, other, events }
  }

  const endAll = sql`
    select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
    where datname = current_database() and application_name = 'victim'`

  it('is not noticed by what comes next, nor by what only reads', async () => {
    const { db, other, events } = await pair()
    for (let i = 0; i < 5; i++) {
      await Promise.all([1, 2, 3].map((n) => db.query(sql`select ${n}::int`)))
      await other.query(endAll)
      expect((await db.query(sql`select 1 as n`)).rows).toEqual([{ n: 1 }])
    }
    expect(events.map(({ type }) => type)).toContain('database.connection-lost')
    await db.query(sql`create sequence runs`)
    const slow = db.query(
      sql`select pg_sleep(case nextval('runs') when 1 then 60 else 0 end)::text as slept`,
      {
        readOnly: true,
      },
    )
    await expect
      .poll(async () => (await other.query(sql`select last_value, is_called from runs`)).rows[0], {
        timeout: 20_000,
      })
      .toEqual({
        last_value: '1',
        is_called: true,
      })
    await other.query(endAll)
    expect((await slow).rows).toEqual([{ slept: '' }])
  })

  it('fails what may have been stored, once', async () => {
    const { db, other } = await pair()
    await db.query(sql`create table t (n int)`)
    const write = db.query(sql`insert into t select 1 from pg_sleep(20)`)
    const failed = expect(write).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      data: { sqlstate: '57P01' },
    })
    await expect
      .poll(async () => (await other.query(endAll)).rows[0], { timeout: 20_000 })
      .not.toEqual({ count: '0' })
    await failed
    expect((await db.query(sql`select count(*)::int as n from t`)).rows).toEqual([{ n: 0 }])
  })

  it('makes a transaction run again as long as COMMIT was not sent', async () => {
    const { db, other } = await pair()
    await db.query(sql`create table t (n int)`)
    let runs = 0
    await db.transaction(async (tx) => {
      runs += 1
      await tx.query(sql`insert into t values (${runs})`)
      if (runs === 1) await other.query(endAll)
      await tx.query(sql`insert into t values (${runs})`)
    })
    expect(runs).toBe(2)
    expect((await db.query(sql`select n from t`)).rows).toEqual([{ n: 2 }, { n: 2 }])
    const once = db.transaction(
      async (tx) => {
        runs += 1
        await other.query(endAll)
        await tx.query(sql`select 1`)
      },
      { retry: false },
    )
    await expect(once).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect(runs).toBe(3)
  })

  it('during COMMIT makes it run again when it was not stored', async () => {
    const { db } = await pair()
    // The first commits end their own connection.
    await db.query(sql`
      create sequence commits;
      create table t (n int);
      create function die() returns trigger language plpgsql as $$
        begin
          if nextval('commits') <= 2 then perform pg_terminate_backend(pg_backend_pid()), pg_sleep(20); end if;
          return null;
        end $$;
      create constraint trigger dies after insert on t deferrable initially deferred for each row execute function die()`)
    const insert = (idempotent: boolean): Promise<number> => {
      let runs = 0
      return db.transaction(
        async (tx) => {
          runs += 1
          await tx.query(sql`insert into t values (1)`)
          return runs
        },
        { idempotent },
      )
    }
    // The server tells that the first two were not stored.
    expect(await insert(false)).toBe(3)
    await db.query(sql`select setval('commits', 1)`)
    expect(await insert(true)).toBe(2)
    expect((await db.query(sql`select n from t`)).rows).toEqual([{ n: 1 }, { n: 1 }])
  })

  it('whose commit was stored is found to be, and not run again', async () => {
    const place = (await engine.place()) as { readonly databaseUrl: string }
    const proxy = await silentProxy(place.databaseUrl)
    const db = await connectDatabase({ databaseUrl: proxy.databaseUrl, statementTimeoutMs: 1_000 })
    const other = await connectDatabase({ ...place, applicationName: 'other' })
    onTestFinished(async () => {
      await db.close({ patienceMs: 0 })
      await other.close()
    })
    await other.query(sql`
      create table t (n int);
      create function wait() returns trigger language plpgsql as $$
        begin perform pg_advisory_xact_lock(7); return null; end $$;
      create constraint trigger waits after insert on t deferrable initially deferred for each row execute function wait()`)
    let runs = 0
    const stored = other.session(async (session) => {
      await session.query(sql`select pg_advisory_lock(7)`)
      const storing = db.transaction(async (tx) => {
        runs += 1
        return tx.query(sql`insert into t values (1) returning n`)
      })
      storing.catch(() => {})
      const waits = sql`select from pg_locks where locktype = 'advisory' and not granted`
      await expect.poll(async () => (await session.query(waits)).rowCount, { timeout: 20_000 }).toBe(1)
      proxy.swallow('open')
      await session.query(sql`select pg_advisory_unlock(7)`)
      return storing
    })
    expect((await stored).rows).toEqual([{ n: 1 }])
    expect(runs).toBe(1)
    expect((await other.query(sql`select n from t`)).rows).toEqual([{ n: 1 }])
  })
})
