import { beforeAll, beforeEach, expect, test } from 'vitest'
import { addModel } from '../../src/models/registry.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { createModelTable, dropModelTable } from '../../src/schema/model-table.ts'
import type { SearchDeps } from '../../src/search/deps.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { searchMultiModel } from '../../src/search/search-multi-model.ts'
import { allModels, deleteModel, insertModel, setModelUrl, switchCurrent } from '../../src/store/models.ts'
import type { Model } from '../../src/wire/model.ts'
import { setUp } from '../store/corpus.ts'
import { embedChunks, type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'

const animals = ['the cat sat on the mat', 'a dog barked at the moon', 'owls hunt at night', 'cats and dogs']
const ships = ['the ship left the harbour', 'a harbour at night', 'sails and masts']

describeEngines('searching', (engine) => {
  let db: Database
  let corpus: TestCorpus
  let deps: SearchDeps
  let animalsId: string
  let shipsId: string

  beforeAll(async () => {
    db = await engine.connect()
    await setUp(db)
  })

  beforeEach(async () => {
    await db.transaction(async (tx) => {
      await tx.query(sql`delete from documents`)
      for (const model of await allModels(tx)) {
        await dropModelTable(tx, model)
        await deleteModel(tx, model.id)
      }
    })
    corpus = await testCorpus(db)
    const { layout, models } = corpus
    deps = { db, layout, models, memory: createSearchMemory() }
    animalsId = await writeLines(corpus, 'animals', animals)
    shipsId = await writeLines(corpus, 'ships', ships)
  })

  const contents = (result: { readonly hits: readonly { readonly content: string }[] }): string[] =>
    result.hits.map((hit) => hit.content)

  test('finds the nearest with the current model, and says how near', async () => {
    const result = await search(deps, { query: 'the ship left the harbour', topK: 3 })
    expect(result).toMatchObject({
      query: 'the ship left the harbour',
      models: ['first'],
      aggregation: null,
      coverage: { first: 1 },
    })
    expect(result.hits).toHaveLength(3)
    const [best] = result.hits
    expect(best).toMatchObject({
      rank: 1,
      content: 'the ship left the harbour',
      documentId: shipsId,
      source: 'ships',
      models: { first: { rank: 1, distance: best?.distance } },
    })
    expect(best?.distance).toBeCloseTo(0, 6)
    for (const hit of result.hits) expect(hit.score).toBeCloseTo(1 - hit.distance, 12)
    expect(result.tookMs).toBeGreaterThan(0)
  })

  test('a score can be asked for, a filter given', async () => {
    const all = await search(deps, { query: 'cats and dogs', topK: 7 })
    const minScore = all.hits[2]?.score ?? 0
    const good = await search(deps, { query: 'cats and dogs', topK: 7, minScore })
    expect(contents(good)).toEqual(contents(all).slice(0, 3))
    const filtered = await search(deps, {
      query: 'cats and dogs',
      topK: 7,
      filter: { documentIds: [shipsId] },
    })
    expect([...contents(filtered)].sort()).toEqual([...ships].sort())
    expect((await search(deps, { query: 'x', filter: { title: 'none' } })).hits).toEqual([])
  })

  test('an empty corpus has no hits, and nothing is missing', async () => {
    await db.query(sql`delete from documents`)
    expect(await search(deps, { query: 'anything' })).toMatchObject({ hits: [], coverage: { first: 1 } })
  })

  test('a model without vectors says so, and names the command', async () => {
    await expect(search(deps, { query: 'cat', modelName: 'second' })).rejects.toMatchObject({
      code: 'MODEL_EMPTY',
      hint: expect.stringContaining('--to second'),
      data: { model: 'second', chunks: 7 },
    })
  })

  test('an unknown model is answered with the known ones', async () => {
    for (const run of [
      search(deps, { query: 'cat', modelName: 'third' }),
      searchMultiModel(deps, { query: 'cat', modelNames: ['first', 'third'] }),
    ]) {
      await expect(run).rejects.toMatchObject({
        code: 'MODEL_UNKNOWN',
        data: { model: 'third', registered: ['first', 'second'] },
      })
    }
  })

  test('coverage follows what is written, and a filter', async () => {
    const { second } = corpus
    await writeLines(corpus, 'in second', ['one', 'two', 'three'], 'second')
    const covered = async (filter?: { documentIds: string[] }) =>
      (
        await search(deps, {
          query: 'one two',
          modelName: 'second',
          filter,
        })
      ).coverage['second']
    expect(await covered()).toBeCloseTo(3 / 10, 12)
    expect(await covered({ documentIds: [animalsId] })).toBe(0)
    await embedChunks(corpus, second)
    expect(await covered()).toBe(1)
    await db.query(sql`
      delete from chunk_embeddings where model_id = ${second.id} and chunk_id in (
        select id from chunks where document_id = ${animalsId}::bigint order by id limit 3)`)
    expect(await covered()).toBeCloseTo(7 / 10, 12)
    expect(await covered({ documentIds: [animalsId] })).toBeCloseTo(1 / 4, 12)
    expect(await covered({ documentIds: [shipsId] })).toBe(1)
    await db.query(sql`delete from documents where id = ${animalsId}::bigint`)
    expect(await covered()).toBe(1)
  })

  test('a switch by another process is followed at the next search', async () => {
    const { models, second } = corpus
    await embedChunks(corpus, second)
    expect((await search(deps, { query: 'a harbour' })).models).toEqual(['first'])
    // A process with a memory of its own.
    const other = { ...deps, memory: createSearchMemory() }
    expect((await search(other, { query: 'a harbour' })).models).toEqual(['first'])
    await db.transaction((tx) => switchCurrent(tx, second))
    for (const process of [deps, other]) {
      const result = await search(process, { query: 'a harbour' })
      expect(result.models).toEqual(['second'])
      expect(result).toEqual({
        ...(await search(process, { query: 'a harbour', modelName: 'second' })),
        tookMs: expect.any(Number),
      })
    }
    // Once it knows, it asks the right model alone.
    const before = models.texts.get('first')?.length
    await search(deps, { query: 'a harbour' })
    expect(models.texts.get('first')?.length).toBe(before)
  })

  test('a switch in the middle of a search never mixes two spaces', async () => {
    const { models, first, second } = corpus
    await embedChunks(corpus, second)
    let switched = false
    models.before = async (model) => {
      if (switched || model.id !== first.id) return
      switched = true
      await db.transaction((tx) => switchCurrent(tx, second))
    }
    const result = await search(deps, { query: 'the ship left the harbour', topK: 1 })
    expect(result).toMatchObject({ models: ['second'], hits: [{ content: 'the ship left the harbour' }] })
    expect(result.hits[0]?.distance).toBeCloseTo(0, 6)
  })

  test('a removed model is refused, a changed address noticed, one registered anew searched', async () => {
    const { layout, second, models } = corpus
    await embedChunks(corpus, second)
    await search(deps, { query: 'owls', modelName: 'second' })
    const asked: (string | null)[] = []
    models.before = async (model) => void asked.push(model.baseUrl)
    await setModelUrl(db, second.id, 'http://127.0.0.1:1')
    await search(deps, { query: 'owls', modelName: 'second' })
    await search(deps, { query: 'owls', modelName: 'second' })
    expect(asked).toEqual([null, 'http://127.0.0.1:1'])

    await db.transaction(async (tx) => {
      await dropModelTable(tx, second)
      await deleteModel(tx, second.id)
    })
    await expect(search(deps, { query: 'owls', modelName: 'second' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    })
    const { model } = await insertModel(db, space('second', 24))
    await expect(search(deps, { query: 'owls', modelName: 'second' })).rejects.toMatchObject({
      code: 'VECTOR_COLUMN_MISSING',
    })
    await db.transaction((tx) => createModelTable(tx, model))
    await embedChunks({ ...corpus, layout }, model)
    const again = await search(deps, { query: 'owls hunt at night', modelName: 'second', topK: 1 })
    expect(contents(again)).toEqual(['owls hunt at night'])
  })

  test('a vector can be given in place of a text', async () => {
    const { models, first } = corpus
    const opened = await models.open(first)
    const { vectors } = await opened.embed(['cats and dogs'], { kind: 'query' })
    const [queryVector = new Float32Array()] = vectors
    const result = await search(deps, { queryVector, topK: 1 })
    expect(contents(result)).toEqual(['cats and dogs'])
    await expect(search(deps, { queryVector: new Float32Array(3).fill(1) })).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSION_MISMATCH',
      data: { model: 'first', expected: 16, received: 3 },
    })
    const broken = queryVector.map((value, i) => (i === 2 ? Number.NaN : value))
    await expect(search(deps, { queryVector: broken })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('an aborted search ends', async () => {
    const { models } = corpus
    const controller = new AbortController()
    models.before = async () => controller.abort()
    await expect(search(deps, { query: 'cat', signal: controller.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    })
  })

  test('two models of one width never see each other’s vectors', async () => {
    const { layout, models } = corpus
    const names = ['twin one', 'twin two']
    const twins: Model[] = []
    for (const name of names) twins.push(await addModel({ db, layout }, space(name, 32)))
    const [one, two] = twins
    if (one === undefined || two === undefined) throw new Error('unreachable')
    await writeLines(corpus, 'only in one', ['the unicorn of one'], one.modelName)
    await writeLines(corpus, 'only in two', ['the unicorn of two'], two.modelName)
    for (const twin of twins) {
      const { hits, coverage } = await search(deps, {
        query: 'the unicorn',
        modelName: twin.modelName,
        topK: 100,
      })
      expect(contents({ hits })).toEqual([`the unicorn of ${twin.modelName.slice(5)}`])
      expect(coverage[twin.modelName]).toBeCloseTo(1 / 9, 12)
    }
    expect([...models.texts.keys()]).toEqual(expect.arrayContaining(names))
    const both = await searchMultiModel(deps, { query: 'the unicorn', modelNames: names })
    expect([...contents(both)].sort()).toEqual(['the unicorn of one', 'the unicorn of two'])
    expect(both.hits.map((hit) => Object.keys(hit.models))).toEqual([['twin one'], ['twin two']])
    expect(
      (
        await searchMultiModel(deps, {
          query: 'the unicorn',
          modelNames: names,
          aggregation: 'intersection',
        })
      ).hits,
    ).toEqual([])
  })

  test('several models at once: ranks and distances of each, one list', async () => {
    const { second } = corpus
    await embedChunks(corpus, second)
    const request = { query: 'cats and dogs at night', modelNames: ['first', 'second'], topK: 4 }
    const union = await searchMultiModel(deps, request)
    expect(union).toMatchObject({ aggregation: 'union', coverage: { first: 1, second: 1 } })
    expect(union.hits.map((hit) => hit.rank)).toEqual([1, 2, 3, 4])
    for (const name of request.modelNames) {
      const alone = await search(deps, { query: request.query, modelName: name, topK: 7 })
      for (const hit of union.hits) {
        const mine = alone.hits.find((other) => other.chunkId === hit.chunkId)
        expect(hit.models[name]).toEqual({ rank: mine?.rank, distance: mine?.distance })
      }
    }
    const intersection = await searchMultiModel(deps, { ...request, aggregation: 'intersection' })
    expect(contents(intersection)).toEqual(contents(union))
    expect(
      (await searchMultiModel(deps, { ...request, minScore: union.hits[1]?.score ?? 2 })).hits,
    ).toHaveLength(2)

    const weighted = await searchMultiModel(
      { ...deps, fusionWeights: { second: 1e6 } },
      { ...request, topK: 7 },
    )
    const second7 = await search(deps, { query: request.query, modelName: 'second', topK: 7 })
    expect(contents(weighted)).toEqual(contents(second7))
    await expect(
      searchMultiModel(deps, { ...request, queryVectors: { first: new Float32Array(1) } }),
    ).rejects.toMatchObject({ code: 'EMBEDDING_DIMENSION_MISMATCH' })
  })

  test('a search in steady state is one statement', async () => {
    const seen: string[] = []
    const counting: SearchDeps = {
      ...deps,
      db: {
        ...db,
        query: (statement, options) => {
          seen.push(statement.text.includes('candidates as') ? 'search' : 'other')
          return db.query(statement, options)
        },
      },
    }
    await search(counting, { query: 'cat' })
    seen.length = 0
    for (const topK of [1, 5, 10, 50]) await search(counting, { query: 'cat', topK })
    // On the server, tests that run beside this one write, and so make it count again.
    const searches = engine.name === 'embedded' ? seen : seen.filter((kind) => kind === 'search')
    expect(searches).toEqual(['search', 'search', 'search', 'search'])
    await writeLines(corpus, 'more', ['a new cat'])
    seen.length = 0
    await search(counting, { query: 'cat' })
    // The write was noticed: counted once more.
    expect(seen).toEqual(['search', 'other'])
  })
})
