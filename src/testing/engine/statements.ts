import assert from 'node:assert/strict'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, join, sql } from '../../postgres/sql.ts'
import { decodeVector, encodeVector, vectorArray } from '../../postgres/vector.ts'
import { one, rejects } from '../expectations.ts'
import type { Test } from './test.ts'

export function statements(test: Test): void {
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
      select ${pgvector('vector_send')}(v) as v from unnest(${vectorArray(vectors)}::${pgvector('vector')}[]) with ordinality t(v, n) order by n`)
    assert.deepEqual(
      rows.map((row) => decodeVector(row.v)),
      vectors,
    )
    const none = await one(db, sql`select cardinality(${vectorArray([])}::${pgvector('vector')}[]) as n`)
    assert.deepEqual(none, { n: 0 })
    const wide = Float32Array.from({ length: 16_000 }, (_, i) => i / 7)
    const back = await one<{ v: Buffer }>(
      db,
      sql`select ${pgvector('vector_send')}(${encodeVector(wide)}::${pgvector('vector(16000)')}) as v`,
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
