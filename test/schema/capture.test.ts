import { expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('x', (engine) => {
  it('y', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const { rows } = await db.query(
      sql`select tgname, pg_get_triggerdef(oid) as def from pg_trigger where tgname like 'revector%'`,
    )

    await rollbackRevisions(db, { to: 5 })
    await runRevisions(db)
    expect(rows.length).toBe(5)
  })
})
