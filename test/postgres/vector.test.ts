import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { decodeVector, encodeVector, vectorArray } from '../../src/postgres/vector.ts'
import { embedded } from '../support/engines.ts'

const vector = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 })
  .map((numbers) => Float32Array.from(numbers))

describe('vectors in binary', () => {
  it('come back bit for bit', () => {
    fc.assert(fc.property(vector, (v) => void expect(decodeVector(encodeVector(v))).toEqual(v)))
  })

  it('are what the database says they are', async () => {
    const db = await embedded.connect()
    await fc.assert(
      fc.asyncProperty(fc.array(vector, { maxLength: 20 }), async (vectors) => {
        const { rows } = await db.query<{ v: Buffer; text: string }>(sql`
          select vector_send(v) as v, v::text as text
          from unnest(${vectorArray(vectors)}::vector[]) with ordinality as t(v, n) order by n`)
        expect(rows.map((row) => decodeVector(row.v))).toEqual(vectors)
        expect(rows.map((row) => Float32Array.from(JSON.parse(row.text)))).toEqual(vectors)
      }),
      { numRuns: 30 },
    )
  })

  it('refuses other bytes', () => {
    expect(() => decodeVector(Buffer.alloc(0))).toThrow(TypeError)
    expect(() => decodeVector(encodeVector(Float32Array.of(1, 2)).subarray(0, 9))).toThrow(/vector_send/)
  })
})
