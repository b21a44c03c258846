import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ChunkId } from '../../src/core/document.ts'
import type { Database, Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import type { Layout } from '../../src/schema/layout.ts'
import { deleteChunks } from '../../src/store/chunks.ts'
import { copyVectorsOfSameContent, fillVectors, putVectors } from '../../src/store/embeddings.ts'
import { quarantineChunks } from '../../src/store/quarantine.ts'
import { copyVectorsToTwins } from '../../src/store/twins.ts'
import type { Model } from '../../src/wire/model.ts'
import { describeServer } from '../support/engines.ts'
import { addModel, addTexts, setUp, spec } from './corpus.ts'

interface Meeting {
  readonly db: Database
  readonly layout: Layout
  readonly model: Model
  /** Has a vector where the statement copies one. */
  readonly source: ChunkId
  readonly kept: ChunkId
  readonly deleted: ChunkId
}

const vector = Float32Array.of(1, 2, 3)

/** What a fill writes for chunks it has read a while ago. */
const statements: Record<string, (meeting: Meeting) => Promise<unknown>> = {
  'vectors that were made': ({ db, layout, model, kept, deleted }) =>
    fillVectors(
      db,
      layout,
      model,
      [kept, deleted].map((chunkId) => ({ chunkId, vector })),
    ),
  'vectors of the same text': ({ db, layout, model, kept, deleted }) =>
    copyVectorsOfSameContent(db, layout, model, [kept, deleted]),
  'vectors for all of the same text': ({ db, layout, model, source }) =>
    copyVectorsToTwins(db, layout, model, [source]),
  refusals: ({ db, layout, model, kept }) =>
    quarantineChunks(db, layout, model.id, [{ chunkId: kept, code: 'PROVIDER_REFUSED', reason: 'no' }]),
}

describeServer('a chunk that somebody is deleting', (engine) => {
  test.each(Object.entries(statements))('is passed over by %s', async (_, run) => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('one', 3), 'current')
    const [source = '', kept = '', deleted = ''] = await addTexts(db, 3, 1)
    await db.query(sql`update chunks set content = 'same', content_hash = 'same'`)
    const textHash = createHash('sha256').update('same').digest('hex')
    await putVectors(db, layout, model, [{ chunkId: source, vector, textHash }])

    let begun = (): void => {}
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    const deleting = db.transaction(async (tx) => {
      await deleteChunks(tx, layout, [deleted])
      begun()
      await waitedFor(tx)
    })
    await hasBegun
    await Promise.all([run({ db, layout, model, source, kept, deleted }), deleting])

    const { rows } = await db.query<{ id: string }>(sql`
      select chunk_id::text as id from chunk_embeddings where chunk_id <> ${source}::bigint
      union
      select chunk_id::text from quarantined_chunks where chunk_id <> ${source}::bigint`)
    expect(rows).toEqual([{ id: kept }])
  })
})

/** Ends when somebody is seen to wait for this transaction. */
async function waitedFor(tx: Queryable): Promise<void> {
  for (let waiting = 0; waiting === 0; ) {
    const { rows } = await tx.query(sql`
      select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`)
    waiting = rows.length
  }
}
