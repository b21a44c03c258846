import assert from 'node:assert/strict'
import type { Queryable } from '../../postgres/database.ts'
import { raw, sql } from '../../postgres/sql.ts'
import { gate, one, rejects } from '../expectations.ts'
import type { Test } from './test.ts'

export function transactions(test: Test): void {
  test('commits all or nothing', async (db) => {
    await db.query(sql`create table ledger (n int)`)
    const value = await db.transaction(async (tx) => {
      await tx.query(sql`insert into ledger values (1)`)
      return 'done'
    })
    assert.equal(value, 'done')
    const own = new Error('mine')
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.query(sql`insert into ledger values (2)`)
        throw own
      }),
      (error) => error === own,
    )
    await rejects(
      db.transaction(async (tx) => {
        await tx.query(sql`insert into ledger values (3)`)
        await tx.query(sql`select 1 / 0`)
      }),
      'DATABASE_FAILED',
    )
    assert.deepEqual((await db.query(sql`select n from ledger`)).rows, [{ n: 1 }])
  })

  test('never reports a commit that was a rollback', async (db) => {
    const swallowed = db.transaction(async (tx) => {
      await tx.query(sql`select 1 / 0`).catch(() => {})
    })
    await rejects(swallowed, 'DATABASE_FAILED')
  })

  test('takes isolation, read-only and settings for one transaction', async (db) => {
    const settings = sql`select current_setting('transaction_isolation') as isolation,
      current_setting('transaction_read_only') as read_only, current_setting('lock_timeout') as lock_timeout`
    const inside = await db.transaction(
      async (tx) => {
        await tx.query(sql`select set_config('hnsw.ef_search', ${'77'}, true)`)
        return { ...(await one(tx, settings)), ...(await one(tx, sql`show hnsw.ef_search`)) }
      },
      { isolation: 'repeatable read', readOnly: true, lockTimeoutMs: 1_500 },
    )
    assert.deepEqual(inside, {
      isolation: 'repeatable read',
      read_only: 'on',
      lock_timeout: '1500ms',
      'hnsw.ef_search': '77',
    })
    const after = await one(db, settings)
    assert.deepEqual(after, { isolation: 'read committed', read_only: 'off', lock_timeout: '0' })
    await rejects(
      db.transaction((tx) => tx.query(sql`create table never (n int)`), { readOnly: true }),
      'DATABASE_READ_ONLY',
    )
  })

  test('runs again after a conflict, unless told not to', async (db) => {
    for (const sqlstate of ['40001', '40P01']) {
      let runs = 0
      const conflict = raw(`do $$ begin raise exception 'again' using errcode = '${sqlstate}'; end $$`)
      const work = async (tx: Queryable): Promise<number> => {
        runs += 1
        if (runs < 3) await tx.query(conflict)
        return runs
      }
      assert.equal(await db.transaction(work), 3)
      runs = 0
      const error = await rejects(db.transaction(work, { retry: false }), 'DATABASE_FAILED')
      assert.equal(error.data['sqlstate'], sqlstate)
      assert.equal(runs, 1)
    }
  })

  test('refuses its own use inside a transaction, where it would wait for itself', async (db) => {
    await rejects(
      db.transaction(async () => void (await db.query(sql`select 1`))),
      'INTERNAL',
    )
    await rejects(
      db.session(async () => void (await db.transaction(() => Promise.resolve()))),
      'INTERNAL',
    )
    const ended = gate()
    const { later } = await db.transaction(() =>
      Promise.resolve({ later: ended.passed.then(() => db.query(sql`select 1`)) }),
    )
    ended.open()
    await later
  })
}

export function sessions(test: Test): void {
  test('keeps a session to itself and takes back what it left', async (db) => {
    const locks = sql`select count(*)::int as n from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`
    await db.session(async (session) => {
      await session.query(sql`set work_mem = '9MB'`)
      await session.query(sql`select pg_advisory_lock(${7})`)
      await session.query(sql`create temp table mine (n int)`)
      await session.transaction((tx) => tx.query(sql`insert into mine values (1)`))
      assert.deepEqual(await one(session, sql`select n from mine`), { n: 1 })
      assert.deepEqual(await one(session, locks), { n: 1 })
      await session.query(sql`begin`)
    })
    assert.deepEqual(await one(db, locks), { n: 0 })
    const after = await one(
      db,
      sql`
      select current_setting('work_mem') <> '9MB' as reset, to_regclass('pg_temp.mine') is null as gone`,
    )
    assert.deepEqual(after, { reset: true, gone: true })
  })

  test('waits no longer for a lock than it was told', async (db) => {
    if (!db.concurrent) return
    await db.query(sql`create table held (n int)`)
    const taken = gate()
    const release = gate()
    const holder = db.transaction(async (tx) => {
      await tx.query(sql`lock table held in access exclusive mode`)
      taken.open()
      await release.passed
    })
    await taken.passed
    const second = db.transaction((tx) => tx.query(sql`select * from held`), { lockTimeoutMs: 50 })
    const busy = await rejects(second, 'DATABASE_BUSY')
    assert.equal(busy.data['sqlstate'], '55P03')
    release.open()
    await holder
  })
}
