import { expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { decodeVector, encodeVector, vectorArray } from '../../src/postgres/vector.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('a database', (engine) => {
  it('stores vectors in binary and gives them back bit for bit', async () => {
    const db = await engine.connect()
    await db.query(sql`create table t (id bigint, v vector(3))`)
    const vectors = [Float32Array.of(1, 2, 3), Float32Array.of(0.1, -0.2, 1e-30)]
    await db.query(sql`
      insert into t select * from unnest(${['1', '2']}::bigint[], ${vectorArray(vectors)}::vector[])`)
    const { rows } = await db.query<{ id: string; v: Buffer }>(
      sql`select id, vector_send(v) as v from t order by id`,
    )
    expect(rows.map((row) => decodeVector(row.v))).toEqual(vectors)
    const near = await db.query(
      sql`select id from t order by v <-> ${encodeVector(vectors[1] ?? new Float32Array(3))}::vector limit 1`,
    )
    expect(near.rows).toEqual([{ id: '2' }])
  })

  it('streams while the database is used', async () => {
    const db = await engine.connect()
    let seen = 0
    for await (const rows of db.stream<{ n: number }>(
      sql`select n from generate_series(1, ${2500}::int) n`,
    )) {
      seen += rows.length
      await db.query(sql`select 1`)
    }
    expect(seen).toBe(2500)
  })
})
