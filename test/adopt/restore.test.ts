import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { describeServer, temporaryFolder } from '../support/engines.ts'
import { makeShape, modelName, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const triggers = `
  select t.tgrelid::regclass::text as table, pg_get_triggerdef(t.oid) as definition from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  where not t.tgisinternal and c.relnamespace <> 'beside'::regnamespace order by 1, 2`

describeServer('a restore of the schema beside an application’s table', (engine) => {
  it('brings back what follows the writes of the application, and leaves its table as it is', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const db = await connectDatabase(place)
    onTestFinished(() => db.close())
    await makeShape(db, shape)
    const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    await revector.db.adopt(shape.table, { model: modelName })
    const before = (await db.query(raw(triggers))).rows
    expect(before.length).toBeGreaterThan(0)

    const file = join(await temporaryFolder(), 'b.dump')
    await revector.db.backup(file)
    await db.query(raw(`delete from ${shape.texts} where ctid in (select ctid from ${shape.texts} limit 1)`))
    expect(await revector.db.restore(file, { force: true })).toMatchObject({ verified: true })
    expect((await db.query(raw(triggers))).rows).toEqual(before)
    expect((await revector.documents.list()).documents).toHaveLength(texts.length - 1)
    expect((await revector.retriever.search({ query: 'ships' })).hits.length).toBeGreaterThan(0)
  })
})
