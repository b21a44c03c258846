import { expect, test } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { eventsAfter } from '../../src/store/migration-events.ts'
import { latestMigration, listMigrations, openMigrations } from '../../src/store/migrations.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('migrations and their events', (engine) => {
  test('are in the order of their numbers, the tenth after the ninth', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    await db.query(sql`
      insert into model_migrations (source_model, target_model, state, settings, target_was_empty)
      select 'a', 'b', 'filling', '{}', true from generate_series(1, 12)`)
    await db.query(sql`
      insert into migration_events (migration_id, type) select 12, 'retried' from generate_series(1, 12)`)
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1)
    const ids = (rows: readonly { readonly id: number }[]) => rows.map((row) => row.id)
    expect(ids(await eventsAfter(db, { migrationId: 12, limit: 100 }))).toEqual(numbers)
    expect(ids(await eventsAfter(db, { after: 8, limit: 2 }))).toEqual([9, 10])
    expect(ids(await openMigrations(db))).toEqual(numbers)
    expect(ids(await listMigrations(db, { limit: 100 }))).toEqual([...numbers].reverse())
    expect((await latestMigration(db)).id).toBe(12)
  })
})
