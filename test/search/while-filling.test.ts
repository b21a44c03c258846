import { beforeAll, beforeEach, expect, test } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { dropModelTable } from '../../src/schema/model-table.ts'
import type { SearchDeps } from '../../src/search/deps.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { searchWhileFilling } from '../../src/search/search-while-filling.ts'
import { missingChunks } from '../../src/store/coverage.ts'
import { fillVectors } from '../../src/store/embeddings.ts'
import { allModels, deleteModel, switchCurrent } from '../../src/store/models.ts'
import type { SearchResult } from '../../src/wire/search.ts'
import { setUp } from '../store/corpus.ts'
import { type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'

const subjects = ['cats', 'dogs', 'ships', 'owls', 'masts', 'bread', 'tides', 'glue']
const verbs = ['sleep', 'sail', 'hunt', 'rise', 'shine', 'sing', 'break', 'float', 'grow', 'melt']
/** 160 lines, each about something else; of every subject one half in either document. */
const linesOf = (place: string) =>
  subjects.flatMap((subject) => verbs.map((verb) => `${subject} ${verb} in the ${place}`))

describeEngines('searching while a migration fills', (engine) => {
  let db: Database
  let corpus: TestCorpus
  let deps: SearchDeps
  let harbour: string

  beforeAll(async () => {
    db = await engine.connect()
    await setUp(db)
  })

  beforeEach(async () => {
    await db.transaction(async (tx) => {
      await tx.query(sql`delete from model_migrations`)
      await tx.query(sql`delete from documents`)
      for (const model of await allModels(tx)) {
        await dropModelTable(tx, model)
        await deleteModel(tx, model.id)
      }
    })
    corpus = await testCorpus(db)
    const { layout, models } = corpus
    deps = { db, layout, models, memory: createSearchMemory() }
    harbour = await writeLines(corpus, 'harbour', linesOf('harbour'))
    await writeLines(corpus, 'kitchen', linesOf('kitchen'))
  })

  /** A migration whose first chunks are its calibration sample, filled as far as asked. */
  async function startMigration(chunks: number, calibration = 60): Promise<readonly string[]> {
    const { layout, first, second } = corpus
    const all = await missingChunks(db, layout, second, { limit: 1_000 })
    // As the fill does: not in the order of documents.
    const order = [...all].sort((a, b) => hashed(a.id) - hashed(b.id))
    const ids = order.slice(0, calibration).map((chunk) => chunk.id)
    await db.query(sql`
      insert into model_migrations (source_model_id, target_model_id, source_model, target_model, state, settings,
        calibration, target_was_empty)
      values (${first.id}, ${second.id}, 'first', 'second', 'filling', '{}', ${ids}::text[], true)`)
    await fill(order.slice(0, chunks))
    return order.slice(0, chunks).map((chunk) => chunk.id)
  }

  async function fill(chunks: readonly { readonly id: string; readonly content: string }[]): Promise<void> {
    const { layout, models, second } = corpus
    if (chunks.length === 0) return
    const opened = await models.open(second)
    const texts = chunks.map((chunk) => chunk.content)
    const { vectors } = await opened.embed(texts, { kind: 'document' })
    const items = vectors.map((vector, i) => ({ chunkId: chunks[i]?.id ?? '', vector }))
    await fillVectors(db, layout, second, items)
  }

  const query = 'dogs hunt in the kitchen'
  const both = (more: object = {}) => searchWhileFilling(deps, { query, topK: 20, serve: 'both', ...more })
  const ids = ({ hits }: SearchResult) => hits.map((hit) => hit.chunkId)
  const placesOf = ({ hits }: SearchResult) =>
    hits.map(({ chunkId, score, distance }) => ({ chunkId, score, distance }))

  test('without an open migration the current model answers, and says so', async () => {
    const alone = await search(deps, { query, topK: 20 })
    for (const serve of ['source', 'target', 'both'] as const) {
      const served = await searchWhileFilling(deps, { query, topK: 20, serve })
      expect(served.hits).toEqual(alone.hits)
      expect(served.serving).toEqual({
        asked: serve,
        served: 'source',
        migrationId: null,
        samplePairs: null,
        reason: 'No migration away from the current model is open.',
      })
    }
  })

  test('both: every chunk once, by its target vector where it has one', async () => {
    const filled = new Set(await startMigration(80))
    const result = await both({ topK: 160 })
    expect(result).toMatchObject({
      models: ['first', 'second'],
      aggregation: null,
      coverage: { first: 1, second: 0.5 },
      serving: { asked: 'both', served: 'both', samplePairs: 60, reason: null },
    })
    expect(new Set(ids(result)).size).toBe(160)
    expect(result.hits.map((hit) => hit.rank)).toEqual(result.hits.map((_, i) => i + 1))
    const [source, target] = [
      await search(deps, { query, topK: 160 }),
      await search(deps, { query, topK: 160, modelName: 'second' }),
    ]
    const inOrder = result.hits.map((hit) => hit.score)
    expect(inOrder).toEqual([...inOrder].sort((a, b) => b - a))
    for (const hit of result.hits) {
      const mine = source.hits.find(({ chunkId }) => chunkId === hit.chunkId)
      const there = target.hits.find(({ chunkId }) => chunkId === hit.chunkId)
      expect(there !== undefined).toBe(filled.has(hit.chunkId))
      // Never a distance of one space under the name of the other.
      expect(hit.models).toEqual({ ...mine?.models, ...there?.models })
      expect(hit.distance).toBe((there ?? mine)?.distance)
      if (there !== undefined) expect(hit.score).toBe(there.score)
    }
    // The two that say just this stand first, wherever their vectors are.
    expect(result.hits[0]?.content).toBe(query)
  })

  test('both: of those that have moved and those that have not, a fair share stands at the top', async () => {
    const filled = new Set(await startMigration(80))
    const shares: number[] = []
    for (const subject of subjects) {
      const top = ids(await both({ query: `${subject} in the harbour and the kitchen`, topK: 20 }))
      shares.push(top.filter((id) => filled.has(id)).length / top.length)
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    expect(mean).toBeGreaterThan(0.3)
    expect(mean).toBeLessThan(0.7)
  })

  test('both: once everything has moved it is the target’s own answer', async () => {
    await startMigration(160)
    const alone = await search(deps, { query, topK: 20, modelName: 'second' })
    expect(placesOf(await both())).toEqual(placesOf(alone))
  })

  test('both: a filter and a least score hold', async () => {
    await startMigration(80)
    const filter = { documentIds: [harbour] }
    const result = await both({ topK: 160, filter })
    expect(result.hits).toHaveLength(80)
    expect(result.hits.every((hit) => hit.documentId === harbour)).toBe(true)
    const minScore = result.hits[9]?.score ?? 0
    expect(ids(await both({ topK: 160, filter, minScore }))).toEqual(ids(result).slice(0, 10))
  })

  test('both: with too few pairs to compare scores by, the source alone', async () => {
    await startMigration(49)
    const result = await both()
    expect(result.hits).toEqual((await search(deps, { query, topK: 20 })).hits)
    expect(result).toMatchObject({
      models: ['first'],
      serving: {
        asked: 'both',
        served: 'source',
        samplePairs: null,
        reason: expect.stringMatching(/: 49, at least 50/),
      },
    })
  })

  test('both: whatever happens to the target, the source answers', async () => {
    const { models } = corpus
    await startMigration(0)
    expect((await both()).serving.reason).toContain('"second" has no vectors')
    await fill(await missingChunks(db, corpus.layout, corpus.second, { limit: 1_000 }))
    models.before = async (model) => {
      if (model.modelName === 'second') throw new RevectorError('PROVIDER_UNAVAILABLE', 'It is down.')
    }
    const result = await both()
    expect(result.serving).toMatchObject({
      served: 'source',
      reason: '"second" could not be searched: It is down.',
    })
    expect(result.hits).toEqual((await search(deps, { query, topK: 20 })).hits)
    models.before = async (model) => {
      if (model.modelName === 'first') throw new RevectorError('PROVIDER_UNAVAILABLE', 'It is down.')
    }
    await expect(both()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
  })

  test('both: a cut-over in the middle of a search is followed', async () => {
    const { models, first, second } = corpus
    await startMigration(160)
    models.before = async (model) => {
      if (model.id !== first.id) return
      models.before = async () => {}
      await db.transaction((tx) => switchCurrent(tx, second))
    }
    const result = await both()
    expect(result.models).toEqual(['second'])
    expect(result.hits).toEqual((await search(deps, { query, topK: 20, modelName: 'second' })).hits)
  })

  test('target: what has moved, and how much that is', async () => {
    await startMigration(40)
    const result = await searchWhileFilling(deps, { query, topK: 20, serve: 'target' })
    expect(result).toMatchObject({
      models: ['second'],
      coverage: { second: 0.25 },
      serving: { served: 'target' },
    })
    expect(result.hits).toEqual((await search(deps, { query, topK: 20, modelName: 'second' })).hits)
  })

  test('source: the current model alone', async () => {
    await startMigration(40)
    const result = await searchWhileFilling(deps, { query, topK: 20, serve: 'source' })
    expect(result).toMatchObject({
      models: ['first'],
      coverage: { first: 1 },
      serving: { served: 'source', reason: null },
    })
    expect(result.hits).toEqual((await search(deps, { query, topK: 20 })).hits)
  })

  test('vectors can be given; nonsense is refused', async () => {
    const { models, first, second } = corpus
    await startMigration(80)
    const expected = await both()
    const queryVectors: Record<string, Float32Array> = {}
    for (const model of [first, second]) {
      const opened = await models.open(model)
      const { vectors } = await opened.embed([query], { kind: 'query' })
      queryVectors[model.modelName] = vectors[0] ?? new Float32Array()
    }
    models.before = async () => {
      throw new Error('nothing is left to embed')
    }
    expect((await both({ query: '', queryVectors })).hits).toEqual(expected.hits)
    for (const wrong of [{ modelName: 'first' }, { serve: 'all' }, { query: ' ' }, { topK: 0 }]) {
      await expect(both(wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })
})

function hashed(id: string): number {
  return (Number(id) * 2_654_435_761) % 4_294_967_296
}
