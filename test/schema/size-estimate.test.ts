import { expect, it } from 'vitest'
import { sql } from '../../src/postgres/sql.ts'
import { estimateHnswIndexBytes, estimateTableBytes } from '../../src/schema/size-estimate.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from '../store/corpus.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('what a model takes on disk', (engine) => {
  it('is estimated within a fifth', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    // Building wide HNSW indexes takes the embedded engine long; it lays out pages like any other.
    const dimensions = engine.name === 'server' ? [64, 384, 1_536, 3_072, 4_096] : [384]
    const ids = await addTexts(db, engine.name === 'server' ? 60 : 30, 10)
    for (const dimension of dimensions) {
      const model = await addModel(db, spec(`m${dimension}`, dimension))
      const make = clusteredVectors(dimension, { seed: dimension })
      await bulkLoad(
        db,
        layout,
        model,
        ids.map((chunkId) => ({ chunkId, vector: make() })),
      )
      const { rows } = await db.query<{ hnswIndex: string; table: string }>(sql`
        select pg_relation_size(i.indexrelid)::text as "hnswIndex",
          (pg_total_relation_size(i.indrelid) - pg_relation_size(i.indexrelid))::text as table
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
        where a.amname = 'hnsw' and i.indrelid = ${`chunk_embeddings_model_${model.id}`}::regclass`)
      const [row] = rows
      const hnswIndex = estimateHnswIndexBytes(model, ids.length) / Number(row?.hnswIndex)
      const table = estimateTableBytes(model, ids.length) / Number(row?.table)
      for (const share of [hnswIndex, table])
        expect([dimension, share > 0.8 && share < 1.2]).toEqual([dimension, true])
    }
  })
})
