import { beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { encodeTextArray } from '../../src/postgres/text-array.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('texts in binary', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })

  it.each([
    { name: 'none', texts: [] },
    { name: 'an empty one', texts: [''] },
    { name: 'quotes, braces, NULL', texts: ['a "quoted" text', "it's {b, c}", 'NULL', '\\x00', ',', '\n'] },
    { name: 'characters of one to four bytes', texts: ['é', '日本', '🙂', `${'x'.repeat(100_000)}é`] },
  ])('come back as they were: $name', async ({ texts }) => {
    const { rows } = await db.query<{ texts: string[] }>(
      sql`select ${encodeTextArray(texts)}::text[] as texts`,
    )
    expect(rows[0]?.texts).toEqual(texts)
  })
})
