import { Document } from '@langchain/core/documents'
import { RunnableLambda } from '@langchain/core/runnables'
import { FakeEmbeddings } from '@langchain/core/utils/testing'
import { VectorStore } from '@langchain/core/vectorstores'
import { expect, it, onTestFinished } from 'vitest'
import { RevectorVectorStore } from '../../src/frameworks/langchain.ts'
import { createRevector, type Revector } from '../../src/index.ts'
import { describeEngines, describeOneEngine, type Engine } from '../support/engines.ts'

const notes = [
  new Document({
    id: 'descale',
    pageContent: 'Descale the coffee machine every month.',
    metadata: { room: 'kitchen', n: 1 },
  }),
  new Document({
    id: 'router',
    pageContent: 'Reset the router by holding its button.',
    metadata: { room: 'office' },
  }),
  new Document({
    id: 'beans',
    pageContent: 'Coffee beans are in the upper drawer.',
    metadata: { room: 'kitchen' },
  }),
]

describeEngines('LangChain’s vector store', (engine) => {
  it('keeps ids, texts and metadata, and finds by text, with scores and filters', async () => {
    const store = new RevectorVectorStore({ revector: await open(engine) })
    expect(store).toBeInstanceOf(VectorStore)
    expect(await store.addDocuments(notes)).toEqual(['descale', 'router', 'beans'])
    const found = await store.similaritySearchWithScore('how do I descale the coffee machine?', 2)
    expect(found).toHaveLength(2)
    expect(found[0]?.[0]).toEqual(notes[0])
    const [[, best] = [], [, next] = []] = found
    expect(best).toBeGreaterThan(next ?? 1)

    const inOffice = await store.similaritySearch('coffee machine', 4, { metadata: { room: 'office' } })
    expect(inOffice.map(({ id }) => id)).toEqual(['router'])
    expect(await store.similaritySearch('coffee')).toHaveLength(3)
  })

  it('replaces a document of the same id, and gives one without an id its own', async () => {
    const store = new RevectorVectorStore({ revector: await open(engine) })
    await store.addDocuments(notes)
    const [own] = await store.addDocuments([
      new Document({ pageContent: 'The printer is in the office.' }),
      new Document({ id: 'router', pageContent: 'The router is gone.', metadata: { room: 'cellar' } }),
    ])
    expect(own).toMatch(/^[0-9a-f-]{36}$/)
    const found = await store.similaritySearch('router printer office', 10)
    expect(found.map(({ id }) => id).sort()).toEqual(['beans', 'descale', own, 'router'].sort())
    expect(found.find(({ id }) => id === 'router')).toMatchObject({
      pageContent: 'The router is gone.',
      metadata: { room: 'cellar' },
    })
    expect(await store.addDocuments([new Document({ pageContent: 'Taken.' })], { ids: ['given'] })).toEqual([
      'given',
    ])
  })

  it('deletes by ids and by filter', async () => {
    const store = new RevectorVectorStore({ revector: await open(engine) })
    await store.addDocuments(notes)
    await store.delete({ ids: ['descale', 'no such'] })
    expect(await idsOf(store)).toEqual(['beans', 'router'])
    await store.delete({ filter: { metadata: { room: 'kitchen' } } })
    expect(await idsOf(store)).toEqual(['router'])
    await expect(store.delete({})).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(await idsOf(store)).toEqual(['router'])
  })

  it('takes vectors of its own model, and goes on by text after another became current', async () => {
    const revector = await open(engine)
    await revector.models.add(tiny('second', 4))
    const store = new RevectorVectorStore({ revector, vectorModel: 'tiny' })
    await store.addVectors([axis(0), axis(1), axis(2)], notes)
    const [[first, score] = []] = await store.similaritySearchVectorWithScore(axis(1), 1)
    expect(first).toEqual(notes[1])
    expect(score).toBeCloseTo(1)
    await expect(store.similaritySearchVectorWithScore([1, 0], 1)).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSION_MISMATCH',
    })
    await expect(store.addVectors([[1, 0]], notes.slice(0, 1))).rejects.toMatchObject({
      code: 'DOCUMENTS_FAILED',
      data: { failed: [{ id: 'descale', code: 'EMBEDDING_DIMENSION_MISMATCH' }] },
    })
    await expect(store.addVectors([axis(0)], notes)).rejects.toMatchObject({ code: 'INVALID_INPUT' })

    await revector.models.fill('second')
    await revector.models.use('second')
    await expect(store.similaritySearchVectorWithScore(axis(1), 1)).rejects.toMatchObject({
      code: 'MODEL_SPACE_CONFLICT',
      data: { model: 'tiny', current: 'second' },
    })
    expect(await store.similaritySearch('the router')).toHaveLength(3)
  })
})

describeOneEngine('LangChain’s vector store', (engine) => {
  it('holds a vector to the model that was current at the first', async () => {
    const revector = await open(engine)
    await revector.models.add(tiny('second', 4))
    const store = new RevectorVectorStore({ revector })
    await store.addVectors([axis(0), axis(1), axis(2)], notes)
    await revector.models.fill('second')
    await revector.models.use('second')
    await expect(store.similaritySearchVectorWithScore(axis(1), 1)).rejects.toThrow(
      'The vector is one of "tiny", and the current model is "second": their distances mean nothing.',
    )
  })

  it('is a retriever in a chain', async () => {
    const store = new RevectorVectorStore({ revector: await open(engine) })
    const retriever = store.asRetriever({ k: 1, filter: { metadata: { room: 'kitchen' } } })
    await retriever.addDocuments(notes)
    const chain = retriever.pipe(RunnableLambda.from((found: Document[]) => found.map(({ id }) => id)))
    expect(await chain.invoke('Reset the router')).toHaveLength(1)
    expect(await store.asRetriever(2).invoke('coffee')).toHaveLength(2)
    await expect(store.asRetriever({ searchType: 'mmr' }).invoke('coffee')).rejects.toThrow(
      'does not support max marginal relevance search',
    )
  })

  it('finds what others have ingested, and says where it is from', async () => {
    const revector = await open(engine)
    const id = await revector.ingestion.ingestDocument({
      title: 'Handbook',
      source: 'handbook.md',
      content: '# Kitchen\n\nDescale the coffee machine.',
      metadata: { room: 'kitchen' },
    })
    const store = await RevectorVectorStore.fromExistingIndex(null, { revector })
    const [found] = await store.similaritySearch('coffee machine', 1)
    const { hits } = await revector.retriever.search({ query: 'coffee machine', topK: 1 })
    expect(found).toMatchObject({
      id: hits[0]?.chunkId,
      metadata: {
        documentId: id,
        title: 'Handbook',
        source: 'handbook.md',
        headingPath: ['Kitchen'],
        room: 'kitchen',
      },
    })
  })

  it('is made from texts and from documents, and warns of embeddings that it does not use', async () => {
    const revector = await open(engine)
    const warnings: string[] = []
    const note = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const made = await RevectorVectorStore.fromTexts(
      ['one text', 'another text'],
      [{ n: 1 }, { n: 2 }],
      new FakeEmbeddings(),
      {
        revector,
      },
    )
    const found = await made.similaritySearch('another text', 1)
    expect(found).toMatchObject([{ pageContent: 'another text', metadata: { n: 2 } }])
    await RevectorVectorStore.fromDocuments(notes, null, { revector })
    await RevectorVectorStore.fromTexts(['a third'], { all: true }, undefined, { revector })
    expect(await made.similaritySearch('a third', 10, { metadata: { all: true } })).toHaveLength(1)
    // Warnings are emitted at the next tick, before the first search has come back.
    expect(warnings).toEqual([
      expect.stringMatching(
        /^RevectorWarning: RevectorVectorStore does not use the Embeddings that it was given \(FakeEmbeddings\)/,
      ),
    ])
    await expect(made.embeddings.embedQuery('x')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('refuses what it cannot do in one sentence', async () => {
    const revector = await open(engine)
    // What a program in JavaScript may pass.
    expect(() => new RevectorVectorStore(new FakeEmbeddings() as unknown as { revector: Revector })).toThrow(
      'Expected the Revector that the store is to use, got none.',
    )
    const store = new RevectorVectorStore({ revector })
    await expect(store.similaritySearch('x', 1, { room: 'kitchen' } as object)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      hint: 'A condition on the metadata of documents is { metadata: { … } }.',
    })
    const some = [
      new Document({ id: 'a', pageContent: 'good' }),
      new Document({ id: 'b', pageContent: '  ' }),
    ]
    await expect(store.addDocuments(some)).rejects.toMatchObject({
      code: 'DOCUMENTS_FAILED',
      data: { failed: [{ id: 'b', code: 'INVALID_INPUT' }] },
    })
    expect(await idsOf(store)).toEqual(['a'])
  })
})

const axis = (at: number): number[] => [0, 1, 2, 3].map((place) => (place === at ? 1 : 0))

/** A model of the test's own: counts of a few words. */
const tiny = (modelName: string, dimension: number) => ({
  modelName,
  dimension,
  provider: 'lexical-hash' as const,
  remoteName: `lexical-hash-${dimension}`,
})

async function open(engine: Engine): Promise<Revector> {
  const revector = await createRevector(await engine.readyPlace())
  onTestFinished(() => revector.db.close())
  await revector.db.initialize()
  await revector.models.add(tiny('tiny', 4))
  await revector.models.use('tiny', { force: true })
  return revector
}

async function idsOf(store: RevectorVectorStore): Promise<(string | undefined)[]> {
  return (await store.similaritySearch('anything', 100)).map(({ id }) => id).sort()
}
