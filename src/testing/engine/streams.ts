import assert from 'node:assert/strict'
import { type Sql, sql } from '../../postgres/sql.ts'
import { one, rejects } from '../expectations.ts'
import type { Test } from './test.ts'

export function streams(test: Test): void {
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
