import { expect, it } from 'vitest'
import { readPending } from '../../src/ingest/pending.ts'
import { sql } from '../../src/postgres/sql.ts'
import { dropHnswIndex } from '../../src/schema/hnsw-index.ts'
import { addModel, addTexts, setUp, spec } from '../store/corpus.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('vectors that are still missing after an ingest', (engine) => {
  it('are counted in a small corpus, and are what was recorded in a large one', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', 2), 'current')
    await dropHnswIndex(db, model)
    await addTexts(db, 2_002, 10)
    // Without statistics a corpus counts as small.
    expect(await readPending({ db, layout })).toEqual({ m: 20_020 })
    await db.query(sql`
      insert into chunk_embeddings_model_1 (chunk_id, model_id, embedding_2)
      select id, 1, '[1,0]' from chunks where id <= 20015`)
    await db.query(sql`analyze chunks`)
    expect(await readPending({ db, layout })).toEqual({})
    await db.query(sql`insert into pending_chunks (model_id, chunk_id) values (1, 20016), (1, 20017), (1, 1)`)
    expect(await readPending({ db, layout })).toEqual({ m: 2 })
  })
})
