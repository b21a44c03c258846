import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { ident, raw, sql } from '../../src/postgres/sql.ts'
import { describeEngines, type Place } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { asApplication } from './application.ts'
import { makeShape, modelName, type Shape, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

async function filled(place: Place, shape: Shape): Promise<Revector> {
  await asApplication(place, (db) => makeShape(db, shape))
  const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
  onTestFinished(() => revector.db.close())
  await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
  await revector.models.add(space('narrow', 32))
  await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
  return revector
}

describeEngines('a model exported like an application’s table', (engine) => {
  for (const shape of shapes) {
    it(`of ${shape.name} has its columns and the model’s vectors`, async () => {
      const place = await engine.place()
      const revector = await filled(place, shape)
      const exported = await revector.db.export('narrow', { like: shape.table, as: 'Exported' })
      expect(exported).toMatchObject({ table: 'Exported', model: 'narrow', rows: texts.length })
      await revector.db.close()
      await asApplication(place, async (db) => {
        const table = ident(exported.schema, exported.table)
        const { rows: vectors } = await db.query<{ name: string; type: string }>(sql`
          select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
          where attrelid = ${table.text}::regclass and attnum > 0
            and (format_type(atttypid, null) ~ '(vector|real\\[\\]|double precision\\[\\])$' or attname ~ 'embedding|vec')`)
        expect(vectors.length).toBeGreaterThan(0)
        // Every vector of the model is in the column of some row.
        const same = vectors.map(
          ({ name }) => sql`(select count(*)::int from beside.chunk_embeddings e where e.model_id = 2
          and exists (select from ${table} t where regexp_replace(t.${ident(name)}::text, '[{} "]', '', 'g') is not null
            and regexp_replace(translate(t.${ident(name)}::text, '{}', '[]'), '[ "]', '', 'g')::vector <-> e.embedding_32 < 0.01))`,
        )
        const counts = await Promise.all(
          same.map(async (count) => {
            try {
              return (await db.query<{ n: number }>(sql`select ${count} as n`)).rows[0]?.n
            } catch {
              return 0
            }
          }),
        )
        expect(counts).toContain(texts.length)
        const { rows: triggers } = await db.query(sql`
          select from pg_trigger where tgrelid = ${table.text}::regclass and not tgisinternal`)
        expect(triggers).toEqual([])
      })
    })
  }

  it('is written once: stopped, it goes on, and complete, it stays', async () => {
    const place = await engine.place()
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const revector = await filled(place, shape)
    const stop = new AbortController()
    const onProgress = ({ type }: { readonly type: string }) => {
      if (type === 'table.rows') stop.abort()
    }
    await expect(
      revector.db.export('narrow', { like: shape.table, signal: stop.signal, onProgress }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' })
    const exported = await revector.db.export('narrow', { like: shape.table })
    expect(exported).toEqual({
      schema: 'public',
      table: 'testlangchainjs_32',
      model: 'narrow',
      rows: texts.length,
    })
    expect(await revector.db.export('narrow', { like: shape.table })).toEqual(exported)
    await expect(
      revector.db.export(modelName, { like: shape.table, as: 'testlangchainjs_32' }),
    ).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
    })
    await revector.db.release()
    await revector.db.close()
    await asApplication(place, async (db) => {
      const { rows } = await db.query(
        raw(`select indexdef from pg_indexes where tablename = 'testlangchainjs_32' order by 1`),
      )
      expect(rows).toEqual([
        { indexdef: expect.stringContaining('USING hnsw (vector') },
        { indexdef: expect.stringContaining('UNIQUE INDEX') },
      ])
    })
  })
})
