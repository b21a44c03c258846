import { expect, test } from 'vitest'
import type { Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { deleteChunks } from '../../src/store/chunks.ts'
import { deleteDocuments, documentsBySource } from '../../src/store/documents.ts'
import { fillVectors } from '../../src/store/embeddings.ts'
import { deleteModel, lockModels, setModelState, writtenModels } from '../../src/store/models.ts'
import { begin, waitedFor } from '../support/begin.ts'
import { describeServer } from '../support/engines.ts'
import { addModel, addTexts, setUp, spec } from './corpus.ts'

describeServer('locks', (engine) => {
  test('a writer holds the written models also when all that it waited for is gone', async () => {
    const db = await engine.connect()
    await setUp(db)
    const old = await addModel(db, spec('old', 2), 'current')
    const next = await addModel(db, spec('next', 3))
    const switching = await begin(db)
    await lockModels(switching.tx)
    await deleteModel(switching.tx, old.id)
    await setModelState(switching.tx, next.id, 'current')
    const writer = await begin(db)
    const writing = writtenModels(writer.tx, { lock: true })
    await waitedFor(switching.tx)
    await switching.commit()
    expect((await writing).map(({ modelName }) => modelName)).toEqual(['next'])
    const another = db.transaction(lockModels, { lockTimeoutMs: 50 })
    await expect(another).rejects.toMatchObject({ code: 'DATABASE_BUSY' })
    await writer.commit()
  })

  test.each(['documents', 'chunks'])(
    '%s that are deleted keep nobody’s vector, also without foreign keys',
    async (what) => {
      const db = await engine.connect()
      const layout = await setUp(db)
      const model = await addModel(db, spec('one', 3), 'current')
      const [chunkId = ''] = await addTexts(db, 1, 1)
      await db.query(sql`
      alter table chunk_embeddings_model_1 drop constraint chunk_embeddings_model_1_chunk_id_fkey`)
      const { tx, commit } = await begin(db)
      let filling: Promise<unknown> = Promise.resolve()
      // A worker stores one after the vectors were deleted, before the chunks are.
      const query: Queryable['query'] = async <Row extends object>(
        statement: Parameters<Queryable['query']>[0],
      ) => {
        const answer = await tx.query<Row>(statement)
        if (statement.text.includes('delete from chunk_embeddings')) {
          filling = fillVectors(db, layout, model, [{ chunkId, vector: Float32Array.of(1, 2, 3) }])
          await Promise.race([filling, waitedFor(tx)])
        }
        return answer
      }
      if (what === 'chunks') await deleteChunks({ query }, layout, [chunkId])
      else await deleteDocuments({ query }, layout, ['1'])
      await commit()
      await filling
      expect((await db.query(sql`select from chunk_embeddings`)).rows).toEqual([])
    },
  )

  test('a document that a writer has looked up is not deleted before it is written', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    await addTexts(db, 1, 1)
    const order: string[] = []
    const writer = await begin(db)
    await documentsBySource(writer.tx, layout, ['source/1'], { lock: true })
    const removing = db
      .transaction((tx) => deleteDocuments(tx, layout, ['1']))
      .then((count) => order.push(`deleted ${count}`))
    await Promise.race([removing, waitedFor(writer.tx)])
    order.push('written')
    await writer.commit()
    await removing
    expect(order).toEqual(['written', 'deleted 1'])
  })
})
