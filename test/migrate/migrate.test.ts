import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import type { ProgressEvent } from '../../src/core/progress.ts'
import { fillModel } from '../../src/migrate/fill/fill-model.ts'
import { migrateToNewModel } from '../../src/migrate/migrate.ts'
import { useModel } from '../../src/models/registry.ts'
import { sql } from '../../src/postgres/sql.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { countVectors } from '../../src/store/coverage.ts'
import { currentModel, findModel } from '../../src/store/models.ts'
import { quarantinedChunks } from '../../src/store/quarantine.ts'
import { testCorpus, writeLines, wrongVectors } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'

const request = { sourceModel: 'first', targetModel: 'second' }

function texts(count: number, of = 'text'): string[] {
  return Array.from({ length: count }, (_, i) => `${of} number ${i}`)
}

describeEngines('moving to a new model', (engine) => {
  it('fills the target, builds its HNSW index, switches, and keeps the source ready', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', texts(600))
    const events: ProgressEvent[] = []
    const filled = await migrateToNewModel(corpus, { ...request, onProgress: (event) => events.push(event) })
    expect(filled).toMatchObject({ embedded: 600, reused: 0 })
    expect((await currentModel(corpus.db))?.modelName).toBe('second')
    expect((await findModel(corpus.db, 'first'))?.state).toBe('standby')
    expect(await hnswIndexOf(corpus.db, corpus.second)).toMatchObject({ valid: true })
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({ vectors: 600 })
    expect(await wrongVectors(corpus, corpus.second)).toEqual([])
    expect(events.at(-1)).toEqual({ type: 'model.switched', from: 'first', to: 'second' })
    expect(events.filter((event) => event.type === 'index.built')).toHaveLength(1)

    expect(await useModel(corpus, 'first')).toEqual({ from: 'second', to: 'first' })
    await writeLines(corpus, 'b.md', ['written after switching back'])
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({ vectors: 601 })
  })

  it('goes on where an interrupted run was, paying for nothing twice', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', texts(600))
    const paid: string[] = []
    corpus.models.before = async (model, asked) => {
      if (model.modelName !== 'second' || (await findModel(corpus.db, 'second'))?.state !== 'filling') return
      if (paid.length >= 256) throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.')
      paid.push(...asked)
    }
    const deps = { ...corpus, clock: fakeClock() }
    await expect(migrateToNewModel(deps, request)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    expect((await currentModel(corpus.db))?.modelName).toBe('first')
    expect((await findModel(corpus.db, 'second'))?.state).toBe('filling')
    corpus.models.before = async (model, asked) => {
      if (model.modelName === 'second' && paid.length < 600) paid.push(...asked)
    }
    const rest = await migrateToNewModel(deps, request)
    expect(rest.embedded).toBeGreaterThan(0)
    expect(rest.embedded).toBeLessThanOrEqual(600 - 256)
    // Each text was asked for once by the fill; what comes after it is the verification's sample.
    expect(paid).toHaveLength(600)
    expect(new Set(paid).size).toBe(600)
    expect((await currentModel(corpus.db))?.modelName).toBe('second')
    expect(await migrateToNewModel(corpus, request)).toEqual({ embedded: 0, reused: 0, tokens: 0 })
  })

  it('stops when asked to, and keeps what was stored', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', texts(600))
    const stop = new AbortController()
    await expect(
      migrateToNewModel(corpus, {
        ...request,
        signal: stop.signal,
        onProgress: (event) => event.type === 'fill.batch' && stop.abort(),
      }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' })
    // One batch more may have been in hand.
    const { vectors } = await countVectors(corpus.db, corpus.layout, corpus.second)
    expect(vectors).toBeGreaterThanOrEqual(256)
    expect(vectors).toBeLessThan(600)
    expect((await currentModel(corpus.db))?.modelName).toBe('first')
  })

  it('takes along what is written, changed and deleted meanwhile', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', texts(300))
    await writeLines(corpus, 'doomed.md', texts(10, 'doomed'))
    let once = true
    corpus.models.before = async (model) => {
      if (model.modelName !== 'second' || !once) return
      if ((await findModel(corpus.db, 'second'))?.state !== 'filling') return
      once = false
      await writeLines(corpus, 'b.md', texts(5, 'new'))
      await writeLines(corpus, 'a.md', [...texts(299), 'changed'])
      await corpus.db.query(sql`delete from documents where source = 'doomed.md'`)
    }
    await migrateToNewModel(corpus, request)
    const { rows } = await corpus.db.query(sql`
      select (select count(*)::int from chunks) as chunks,
        (select count(*)::int from chunk_embeddings where model_id = ${corpus.first.id}) as first,
        (select count(*)::int from chunk_embeddings where model_id = ${corpus.second.id}) as second`)
    expect(rows).toEqual([{ chunks: 305, first: 305, second: 305 }])
    expect(await wrongVectors(corpus, corpus.second)).toEqual([])
  })

  it('embeds one text once, and copies what it has', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['same', 'same', 'other'])
    await writeLines(corpus, 'b.md', ['same', 'last'])
    const filled = await migrateToNewModel(corpus, request)
    expect(filled).toMatchObject({ embedded: 3, reused: 2 })
  })

  it('fills one document only', async () => {
    const corpus = await testCorpus(await engine.connect())
    const id = await writeLines(corpus, 'a.md', ['one', 'two'])
    await writeLines(corpus, 'b.md', ['three'])
    expect(await fillModel(corpus, corpus.second, { documentId: id })).toMatchObject({ embedded: 2 })
    expect(corpus.models.texts.get('second')).toEqual(['one', 'two'])
  })

  it('tries again what is in quarantine when a model is filled by hand', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, layout, second, models } = corpus
    await writeLines(corpus, 'a.md', ['poison', 'one'])
    await writeLines(corpus, 'b.md', ['poison'])
    models.poison.add('poison')
    const quarantined = async () =>
      (await quarantinedChunks(db, layout, second.id, { limit: 10 })).map((chunk) => chunk.chunkId)
    const refusal = await fillModel(corpus, second).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'PROVIDER_REFUSED', data: { chunks: 2 } })
    expect(await quarantined()).toHaveLength(2)
    expect(refusal).toMatchObject({ data: { chunk_ids: await quarantined() } })
    // The text was asked for once, though two chunks have it.
    expect(models.texts.get('second')?.filter((text) => text === 'poison')).toHaveLength(1)
    models.poison.clear()
    expect(await fillModel(corpus, second)).toMatchObject({ embedded: 1, reused: 1 })
    expect(await quarantined()).toEqual([])
    expect(await countVectors(db, layout, second)).toMatchObject({ chunks: 3, vectors: 3 })
  })

  it('fills all but the chunk whose text cannot be embedded, names it, and does not switch', async () => {
    const corpus = await testCorpus(await engine.connect())
    await writeLines(corpus, 'a.md', ['poison', ...texts(300)])
    corpus.models.poison.add('poison')
    const { rows } = await corpus.db.query<{ id: string }>(
      sql`select id::text as id from chunks where content = 'poison'`,
    )
    await expect(migrateToNewModel(corpus, request)).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('1 chunk'),
      data: { chunk_ids: [rows[0]?.id] },
    })
    expect(await countVectors(corpus.db, corpus.layout, corpus.second)).toMatchObject({ vectors: 300 })
    expect((await currentModel(corpus.db))?.modelName).toBe('first')
    expect(await hnswIndexOf(corpus.db, corpus.second)).toMatchObject({ valid: true })
  })

  it('refuses a move that makes no sense', async () => {
    const corpus = await testCorpus(await engine.connect())
    const move = (sourceModel: string, targetModel: string) =>
      migrateToNewModel(corpus, { sourceModel, targetModel })
    await expect(move('first', 'first')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(move('first', 'nobody')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' })
    await useModel(corpus, 'second')
    await corpus.db.query(sql`update embedding_models set state = 'retired' where model_name = 'first'`)
    await expect(move('second', 'first')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
