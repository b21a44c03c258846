import { setImmediate } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { addModel, firstModel, removeModel, setupModels, useModel } from '../../src/models/registry.ts'
import { listModels } from '../../src/models/status.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { loadLayout } from '../../src/schema/layout.ts'
import { dropModelTable, vectorColumns } from '../../src/schema/model-table.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { currentModel, findModel, setModelState } from '../../src/store/models.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { space } from '../support/models.ts'

describeEngines('the registry of models', (engine) => {
  it('sets up the guide’s models with their columns, twice with the same result', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const deps = { db, layout: await loadLayout(db) }
    await setupModels(deps)
    const once = await listModels(deps)
    expect(once.map((model) => [model.modelName, model.dimension])).toEqual(
      expect.arrayContaining([
        ['all-MiniLM-L6-v2', 384],
        ['all-mpnet-base-v2', 768],
        ['text-embedding-ada-002', 1536],
        ['text-embedding-3-small', 1536],
        ['text-embedding-3-large', 3072],
        ['universal-sentence-encoder-lite', 512],
      ]),
    )
    expect(once.filter((model) => model.current).map((model) => model.modelName)).toEqual([firstModel])
    expect(await vectorColumns(db)).toEqual(expect.arrayContaining([384, 512, 768, 1536, 3072]))
    const { rows } = await db.query<{ name: string }>(
      sql`select indexname as name from pg_indexes where indexname like 'idx_embeddings_hnsw_%' order by 1`,
    )
    for (const dimension of [384, 768, 1536, 3072]) {
      expect(rows.map((row) => row.name)).toContain(`idx_embeddings_hnsw_${dimension}`)
    }
    await setupModels(deps)
    expect(await listModels(deps)).toEqual(once)
  })

  it('makes again what somebody took away of a registered model', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const deps = { db, layout: await loadLayout(db) }
    await setupModels(deps)
    const model = await findModel(db, 'all-MiniLM-L6-v2')
    await db.query(sql`drop table ${sql`chunk_embeddings_model_1`}`)
    await setupModels(deps)
    const { rows } = await db.query(sql`select to_regclass('chunk_embeddings_model_1') is not null as there`)
    expect(model?.id).toBe(1)
    expect(rows).toEqual([{ there: true }])
  })

  it('keeps names and spaces apart', async () => {
    const { db, layout } = await testCorpus(await engine.connect())
    const deps = { db, layout }
    const again = await addModel(deps, { ...space('first', 16), baseUrl: 'http://127.0.0.1:1/v1' })
    expect(again).toMatchObject({ modelName: 'first', baseUrl: 'http://127.0.0.1:1/v1' })
    // Nothing said of it: texts go on to where they were sent.
    expect((await addModel(deps, space('first', 16))).baseUrl).toBe('http://127.0.0.1:1/v1')
    await expect(addModel(deps, space('first', 17))).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_CONFLICT',
      message: expect.stringMatching(/^Model exists with different dimension/),
      data: { model: 'first', registered: 16, requested: 17 },
    })
    await expect(addModel(deps, { ...space('first', 16), queryPrefix: 'q: ' })).rejects.toMatchObject({
      code: 'MODEL_SPACE_CONFLICT',
    })
    const other = await addModel(deps, { ...space('first-with-prefix', 16), queryPrefix: 'q: ' })
    expect(other.id).not.toBe(again.id)
  })

  it('switches at once, both ways, and refuses a model that lacks vectors', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['one', 'two'])
    await expect(useModel(corpus, 'second')).rejects.toMatchObject({
      code: 'MODEL_EMPTY',
      data: { model: 'second', missing: 2 },
    })
    expect((await currentModel(corpus.db))?.modelName).toBe('first')
    await embedChunks(corpus, corpus.second)
    expect(await useModel(corpus, 'second')).toEqual({ from: 'first', to: 'second' })
    expect((await findModel(corpus.db, 'first'))?.state).toBe('standby')
    expect(await useModel(corpus, 'first')).toEqual({ from: 'second', to: 'first' })
    expect(await useModel(corpus, 'first')).toEqual({ from: 'first', to: 'first' })
    await expect(useModel(corpus, 'nobody')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
  })

  it('has one current model, whoever writes', async () => {
    const { db, second } = await testCorpus(await engine.connect())
    await expect(setModelState(db, second.id, 'current')).rejects.toMatchObject({
      data: { sqlstate: '23505' },
    })
  })

  it('takes a retired model that is added again for a new one, without vectors', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, second } = corpus
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, second)
    await db.transaction(async (tx) => {
      await dropModelTable(tx, second)
      await setModelState(tx, second.id, 'retired')
    })
    expect(await addModel(corpus, space('second', 24))).toMatchObject({ id: second.id, state: 'registered' })
    expect(await findModel(db, 'second')).toMatchObject({ state: 'registered' })
    await embedChunks(corpus, second)
    expect((await listModels(corpus)).find(({ id }) => id === second.id)).toMatchObject({ embeddings: 2 })
  })

  it('removes a model with every byte, but not the current one', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['one', 'two'])
    await embedChunks(corpus, corpus.second)
    await expect(removeModel(corpus, 'first')).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
    const removed = await removeModel(corpus, 'second')
    expect(removed).toMatchObject({ modelName: 'second', embeddings: 2 })
    expect(removed.bytes).toBeGreaterThan(0)
    const { rows } = await corpus.db.query(
      sql`select count(*)::int as count from chunk_embeddings where model_id = ${corpus.second.id}`,
    )
    expect(rows).toEqual([{ count: 0 }])
    expect(await findModel(corpus.db, 'second')).toBeNull()
  })
})

describeServer('a change of the registry beside a long reader', (engine) => {
  it.each([
    ['that adds a model', (corpus: TestCorpus) => addModel(corpus, space('third', 32))],
    ['that removes one', (corpus: TestCorpus) => removeModel(corpus, 'second')],
  ])('%s gives way, and lets the next readers through', async (_, change) => {
    const place = await engine.place()
    const [db, other] = [await connectDatabase(place), await connectDatabase(place)]
    onTestFinished(async () => {
      await Promise.all([db.close(), other.close()])
    })
    const corpus = await testCorpus(db)
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    let changed: Promise<unknown> = Promise.resolve()
    // As a backup does.
    await other.session(async (reader) => {
      await reader.query(sql`begin`)
      await reader.query(sql`select from chunk_embeddings`)
      let ended = false
      changed = change(corpus).finally(() => {
        ended = true
      })
      changed.catch(() => {})
      while (!ended && !(await isWaitedFor(db, 'chunk_embeddings'))) await setImmediate()
      // It would be waiting behind the change that waits for the reader.
      expect((await db.query(sql`select from chunk_embeddings`)).rowCount).toBe(2)
      expect(ended).toBe(false)
      await reader.query(sql`commit`)
    })
    await expect(changed).resolves.toMatchObject({})
  })
})

async function isWaitedFor(db: Queryable, table: string): Promise<boolean> {
  const { rows } = await db.query(
    sql`select from pg_locks where not granted and relation = to_regclass(${table})`,
  )
  return rows.length > 0
}
