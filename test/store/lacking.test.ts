import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { modelTableName } from '../../src/schema/names.ts'
import { putVectors } from '../../src/store/embeddings.ts'
import { lackingAmong } from '../../src/store/twins.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, setUp, spec } from './corpus.ts'

const width = 384

describeEngines('what a model lacks of a batch', (engine) => {
  it('is looked up chunk by chunk in a table that is being filled, and never by reading it all', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', width), 'filling')
    const ids = await addTexts(db, 3_000, 1)
    await db.query(
      sql`update chunks set content = 'One text', content_hash = 'written by a trigger' where id > 2990`,
    )
    await db.query(sql`analyze`)
    const vector = new Float32Array(width).fill(1)
    await putVectors(
      db,
      layout,
      model,
      ids.slice(0, 2_000).map((chunkId) => ({ chunkId, vector })),
    )
    const batch = ids.slice(1_990, 2_246)
    const { lacking, scans } = await db.transaction(async (tx) => {
      // What the session did before may be in these numbers.
      const scansSoFar = async (): Promise<number> => {
        const { rows } = await tx.query<{ seq_scan: number }>(sql`
          select seq_scan::int from pg_stat_xact_user_tables where relname = ${modelTableName(model.id)}`)
        return rows[0]?.seq_scan ?? Number.NaN
      }
      const before = await scansSoFar()
      const found = await lackingAmong(tx, layout, model, batch)
      return { lacking: found, scans: (await scansSoFar()) - before }
    })
    expect(lacking.map(({ id }) => Number(id)).toSorted((a, b) => a - b)).toEqual(batch.slice(10).map(Number))
    expect(lacking.some(({ hasCopies }) => hasCopies)).toBe(false)
    expect(scans).toBe(0)

    const last = await lackingAmong(db, layout, model, ids.slice(-12))
    expect(last.filter(({ hasCopies }) => hasCopies)).toHaveLength(10)
    expect(last.some(({ hasTwin }) => hasTwin)).toBe(false)
    const textHash = createHash('sha256').update('One text').digest('hex')
    await putVectors(db, layout, model, [{ chunkId: ids.at(-1) ?? '', vector, textHash }])
    const rest = await lackingAmong(db, layout, model, ids.slice(-12))
    expect(rest.filter(({ hasTwin }) => hasTwin)).toHaveLength(9)
  })
})
