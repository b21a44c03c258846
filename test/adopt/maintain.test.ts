import { expect, it, vi } from 'vitest'
import type { Revector } from '../../src/library/revector.ts'
import { raw } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { asApplication, open } from './application.ts'
import { digest, makeShape, modelName, type Shape, shapes } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

function shapeOf(table: string): Shape {
  const shape = shapes.find((one) => one.table === table)
  if (shape === undefined) throw new Error(`There is no shape ${table}`)
  return shape
}

/** Of columns of vectors: by vectors, by halfvec, and with a key of two columns. */
const cases = [
  {
    shape: shapeOf('testlangchainjs'),
    text: 'content',
    add: `(content) values ('An otter swims in the canal.')`,
  },
  {
    shape: shapeOf('tickets'),
    text: 'body',
    add: `(code, body) values ('new', 'An otter swims in the canal.')`,
  },
  {
    shape: shapeOf('diary'),
    text: 'entry',
    add: `values ('Eliot', '1915-03-01', 'An otter swims in the canal.')`,
  },
]

describeEngines('the vectors of an application’s column', (engine) => {
  it.each(cases)('are made by Revector where that was said: $shape.name', async ({ shape, text, add }) => {
    const place = await engine.place()
    const vector = shape.table === 'tickets' ? 'embedding' : 'vector'
    const others = await asApplication(place, async (db) => {
      await makeShape(db, shape)
      await db.query(raw(`insert into ${shape.table} ${add}`))
      return digest(db, `(select to_jsonb(t) - '${vector}' as t from ${shape.table} t)`)
    })
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName, maintain: true })
    const ask = async (one: Revector, query: string) => {
      const { hits, coverage } = await one.retriever.search({ query, topK: 1 })
      return [hits[0]?.content, coverage[modelName]]
    }
    expect((await ask(revector, 'otter canal'))[1]).toBeCloseTo(5 / 6)
    await revector.migrations.work({ once: true })
    expect(await ask(revector, 'otter canal')).toEqual(['An otter swims in the canal.', 1])
    await revector.db.close()
    await asApplication(place, async (db) => {
      expect(await digest(db, `(select to_jsonb(t) - '${vector}' as t from ${shape.table} t)`)).toBe(others)
      await db.query(
        raw(
          `update ${shape.table} set ${text} = 'Zebras drink at the fountain.' where ${text} like 'Grain%'`,
        ),
      )
      await db.query(
        raw(
          `insert into ${shape.table} ${add.replace('otter', 'adder').replace('new', 'n2').replace('03-01', '03-02')}`,
        ),
      )
    })
    const again = await open(place)
    expect((await ask(again, 'otter canal'))[1]).toBeCloseTo(5 / 7)
    await again.migrations.work({ once: true })
    expect(await ask(again, 'zebras at the fountain')).toEqual(['Zebras drink at the fountain.', 1])
    expect(await ask(again, 'adder swims')).toEqual(['An adder swims in the canal.', 1])
    await again.models.add(space('narrow', 32))
    await again.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
    await again.migrations.rollBack()
    await again.db.release()
    await again.db.close()
    await asApplication(place, async (db) => {
      const { rows } = await db.query(raw(`select from ${shape.table} where ${vector} is null`))
      expect(rows).toEqual([])
    })
  })

  it('are made by the application otherwise, and in a table of their own', async () => {
    const place = await engine.place()
    const shape = shapeOf('item_vectors')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    await expect(revector.db.adopt(shape.table, { model: modelName, maintain: true })).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
      message: expect.stringContaining('--maintain'),
    })
    await revector.db.adopt(shape.table, { model: modelName })
    await expect(revector.models.fill(modelName)).rejects.toMatchObject({ code: 'CORPUS_OF_APPLICATION' })
  })
})
