import assert from 'node:assert/strict'
import type { Database, Queryable } from '../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../postgres/sql.ts'
import { decodeVector, encodeVector, vectorArray } from '../postgres/vector.ts'
import type { SuiteRunner } from './exercise-embedding-model.ts'
import { gate, one, rejects } from './expectations.ts'

export interface EngineSuiteRunner extends SuiteRunner {
  /** Runs once, after the tests of the suite: `afterAll` of vitest and jest, `after` of node:test and mocha. */
  after(body: () => Promise<void>): void
}

/**
 * What Revector relies on in a database engine, as a suite of tests. `open` gives an empty database; it is called
 * twice, and both are closed.
 *
 *     import { afterAll, describe, it } from 'vitest'
 *     exerciseEngine(() => connectDatabase({ dataDir: 'memory:' }), { describe, it, after: afterAll })
 */
export function exerciseEngine(open: () => Promise<Database>, runner: EngineSuiteRunner): void {
  let opened: Promise<Database> | null = null
  const test = (name: string, body: (db: Database) => Promise<void>): void =>
    runner.it(name, async () => {
      opened ??= open()
      await body(await opened)
    })

  runner.describe('engine', () => {
    runner.after(async () => {
      await (await opened)?.close()
    })
    statements(test)
    transactions(test)
    sessions(test)
    streams(test)
    runner.it('closes once, and says so afterwards', async () => {
      const db = await open()
      const running = db.query(sql`select 1`)
      await Promise.all([running.catch(() => {}), db.close(), db.close()])
      await rejects(db.query(sql`select 1`), 'DATABASE_FAILED')
      await rejects(
        db.transaction(() => Promise.resolve()),
        'DATABASE_FAILED',
      )
    })
  })
}

type Test = (name: string, body: (db: Database) => Promise<void>) => void

function statements(test: Test): void {
  test('says what it is', async (db) => {
    assert.ok(Number.parseInt(db.serverVersion, 10) >= 15, db.serverVersion)
    const [major = 0, minor = 0] = db.pgvectorVersion.split('.').map(Number)
    assert.ok(major > 0 || minor >= 8, db.pgvectorVersion)
  })

  test('gives back values of every kind as they were given', async (db) => {
    const at = new Date('2024-02-29T12:34:56.789Z')
    const row = await one(
      db,
      sql`select ${42}::int as int, ${'9007199254740993'}::bigint as bigint, ${0.1}::float8 as float,
            ${true}::boolean as yes, ${'naïve 𝄞 "quote" \\ \'\''}::text as text, ${null}::text as nothing,
            ${{ a: [1, 'b', null] }}::jsonb as json, ${['x', 'y, "z"', null]}::text[] as texts, ${[1, 2]}::int[] as ints,
            ${Buffer.from([0, 255, 10])}::bytea as bytes, ${at}::timestamptz as at,
            ${'6f1c1a0e-9d0f-4a7e-8f0b-3d5a1c2b4e6f'}::uuid as uuid`,
    )
    assert.deepEqual(row, {
      int: 42,
      bigint: '9007199254740993',
      float: 0.1,
      yes: true,
      text: 'naïve 𝄞 "quote" \\ \'\'',
      nothing: null,
      json: { a: [1, 'b', null] },
      texts: ['x', 'y, "z"', null],
      ints: [1, 2],
      bytes: Buffer.from([0, 255, 10]),
      at,
      uuid: '6f1c1a0e-9d0f-4a7e-8f0b-3d5a1c2b4e6f',
    })
  })

  test('carries vectors in binary, bit for bit', async (db) => {
    const vectors = [
      Float32Array.of(1, -0, 1e-45),
      Float32Array.of(0.1, 3.4e38, -2.5),
      Float32Array.of(0, 0, 1),
    ]
    const { rows } = await db.query<{ v: Buffer }>(sql`
      select vector_send(v) as v from unnest(${vectorArray(vectors)}::vector[]) with ordinality t(v, n) order by n`)
    assert.deepEqual(
      rows.map((row) => decodeVector(row.v)),
      vectors,
    )
    const none = await one(db, sql`select cardinality(${vectorArray([])}::vector[]) as n`)
    assert.deepEqual(none, { n: 0 })
    const wide = Float32Array.from({ length: 16_000 }, (_, i) => i / 7)
    const back = await one<{ v: Buffer }>(
      db,
      sql`select vector_send(${encodeVector(wide)}::vector(16000)) as v`,
    )
    assert.deepEqual(decodeVector(back.v), wide)
  })

  test('runs statements without parameters one after the other', async (db) => {
    const { rows } = await db.query(
      sql`create table several (n int); insert into several values (1), (2); select * from several`,
    )
    assert.deepEqual(rows, [{ n: 1 }, { n: 2 }])
    assert.equal((await db.query(sql`update several set n = n + ${1}::int`)).rowCount, 2)
  })

  test('takes identifiers and spliced parts as they are', async (db) => {
    const name = 'od"d; drop table x --'
    await db.query(sql`create table ${ident(name)} (n int, t text)`)
    const rows = join([sql`(${1}::int, ${'$1 $2'})`, sql`(${2}::int, ${"'; --"})`])
    await db.query(sql`insert into ${ident(name)} values ${rows}`)
    const found = await db.query(
      sql`select t from ${ident(name)} where n = ${2} or t = ${'$1 $2'} order by n`,
    )
    assert.deepEqual(found.rows, [{ t: '$1 $2' }, { t: "'; --" }])
  })

  test('carries megabytes both ways', async (db) => {
    const text = 'é'.repeat(4_000_000)
    const row = await one<{ t: string }>(db, sql`select ${text}::text || 'x' as t`)
    assert.equal(row.t, `${text}x`)
  })

  test('answers many at once, each with its own', async (db) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => one<{ n: number }>(db, sql`select ${i}::int as n`)),
    )
    assert.deepEqual(
      answers.map(({ n }) => n),
      Array.from({ length: 60 }, (_, i) => i),
    )
  })

  test('fails with the SQLSTATE, and goes on', async (db) => {
    await db.query(sql`create table once (n int constraint only_once primary key)`)
    await db.query(sql`insert into once values (1)`)
    const twice = await rejects(db.query(sql`insert into once values (${1})`), 'DATABASE_FAILED')
    assert.equal(twice.data['sqlstate'], '23505')
    assert.equal(twice.data['constraint'], 'only_once')
    const missing = await rejects(db.query(sql`select * from nowhere`), 'DATABASE_FAILED')
    assert.equal(missing.data['sqlstate'], '42P01')
    const wrong = await rejects(db.query(sql`selec ${1}`), 'DATABASE_FAILED')
    assert.equal(wrong.data['sqlstate'], '42601')
    assert.deepEqual(await one(db, sql`select 1 as n`), { n: 1 })
  })

  test('refuses COPY FROM STDIN instead of waiting for rows', async (db) => {
    await db.query(sql`create table copied (n int)`)
    await rejects(db.query(sql`copy copied from stdin`), 'DATABASE_FAILED')
    await rejects(
      db.transaction((tx) => tx.query(sql`copy copied from stdin`)),
      'DATABASE_FAILED',
    )
    assert.deepEqual(await one(db, sql`select count(*)::int as n from copied`), { n: 0 })
  })
}

function transactions(test: Test): void {
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
      'DATABASE_FAILED',
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

function sessions(test: Test): void {
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

function streams(test: Test): void {
  const numbers = (to: number): Sql => sql`select n from generate_series(1, ${to}::int) n`

  test('streams in batches while it is used for other things', async (db) => {
    const sizes: number[] = []
    for await (const rows of db.stream<{ n: number }>(numbers(25), { batchSize: 10 })) {
      sizes.push(rows.length)
      await db.transaction((tx) => tx.query(sql`select 1`))
    }
    assert.deepEqual(sizes, [10, 10, 5])
    for await (const rows of db.stream(numbers(0))) assert.fail(String(rows.length))
  })

  test('ends a stream that is left early, aborted or failing, and goes on', async (db) => {
    for (let i = 0; i < 15; i++) {
      for await (const rows of db.stream<{ n: number }>(numbers(100), { batchSize: 7 })) {
        assert.equal(rows[0]?.n, 1)
        break
      }
    }
    const abort = new AbortController()
    const aborted = async (): Promise<void> => {
      for await (const _ of db.stream(numbers(100), { batchSize: 7, signal: abort.signal })) abort.abort()
    }
    await rejects(aborted(), 'INTERRUPTED')
    const failing = async (): Promise<void> => {
      for await (const _ of db.stream(sql`select 1 / (n - 50) from generate_series(1, 100) n`, {
        batchSize: 7,
      }));
    }
    const error = await rejects(failing(), 'DATABASE_FAILED')
    assert.equal(error.data['sqlstate'], '22012')
    assert.deepEqual(await one(db, sql`select 1 as n`), { n: 1 })
  })
}
