import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type CreateOptions, createRevector, type OwnModel, type Revector } from '../../src/index.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { describeEngines, type Engine, temporaryFolder } from '../support/engines.ts'

const small = 'lexical-hash-256'
const large = 'lexical-hash-3072'

async function start(engine: Engine, options: CreateOptions = {}): Promise<Revector> {
  const revector = await createRevector({ ...(await engine.place()), ...options })
  onTestFinished(() => revector.db.close())
  return revector
}

describeEngines('the guide, call by call', (engine) => {
  it('sets up, ingests with two models, searches with each and with both', async () => {
    const { db, models, ingestion, retriever, documents } = await start(engine)
    await db.initialize()
    expect(await db.getSupportedDimensions()).toEqual(expect.arrayContaining([384, 768, 1536, 3072]))
    await models.add({ modelName: large })

    const inLarge = await ingestion.ingestDocument({
      title: 'My document',
      content: 'Retrieval augmented generation reads passages before it answers.',
      embeddingModel: large,
    })
    const inSmall = await ingestion.ingestDocument({
      title: 'Another document',
      content: 'Retrieval of lost luggage takes three days.',
      embeddingModel: small,
    })
    expect((await documents.embeddings(inLarge)).models).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ modelName: large, embeddings: 1, coverage: 1 }),
        expect.objectContaining({ modelName: small, embeddings: 0, coverage: 0 }),
      ]),
    )

    const query = 'What is retrieval augmented generation?'
    const alone = await retriever.search({ query, modelName: large })
    expect(alone.hits.map((hit) => hit.documentId)).toEqual([inLarge])
    expect(alone.coverage).toEqual({ [large]: 0.5 })
    const union = await retriever.searchMultiModel({
      query,
      modelNames: [large, small],
      aggregation: 'union',
    })
    expect(new Set(union.hits.map((hit) => hit.documentId))).toEqual(new Set([inLarge, inSmall]))
    const both = await retriever.searchMultiModel({
      query,
      modelNames: [large, small],
      aggregation: 'intersection',
    })
    expect(both.hits).toEqual([])

    const updated = await ingestion.updateDocumentEmbeddings({ documentId: inLarge, modelName: small })
    expect(updated).toMatchObject({ modelName: small, embedded: 1, reused: 0, present: 0 })
    const again = await ingestion.updateDocumentEmbeddings({ documentId: inLarge, modelName: small })
    expect(again).toMatchObject({ embedded: 0, present: 1 })
    const agreed = await retriever.searchMultiModel({
      query,
      modelNames: [large, small],
      aggregation: 'intersection',
    })
    expect(agreed.hits.map((hit) => Object.keys(hit.models).sort())).toEqual([[small, large].sort()])
  })

  it('moves everything to a new model, and back', async () => {
    const { models, ingestion, retriever } = await start(engine)
    await models.add({ modelName: large })
    await models.use(small)
    await ingestion.ingestDocument({ title: 'One', content: 'The cat sat on the mat.' })
    await ingestion.ingestDocument({ title: 'Two', content: 'The dog ran to the log.' })
    const query = 'Where did the cat sit?'
    expect((await retriever.search({ query })).models).toEqual([small])
    const report = await ingestion.migrateToNewModel({ sourceModel: small, targetModel: large })
    expect(report).toMatchObject({ modelName: large, embedded: 2, present: 0 })
    const after = await retriever.search({ query })
    expect(after).toMatchObject({ models: [large], coverage: { [large]: 1 } })
    expect(after.hits[0]).toMatchObject({ title: 'One', rank: 1 })
    expect(await models.use(small)).toEqual({ from: large, to: small })
    expect((await retriever.search({ query })).models).toEqual([small])
  })

  it('ingests files, skips them the second time, replaces what changed, reports what fails', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'sub'))
    await writeFile(join(folder, 'a.md'), '# Bees\n\nBees make honey.')
    await writeFile(join(folder, 'sub', 'b.txt'), 'Ants march in lines.')
    await writeFile(join(folder, 'broken.pdf'), '%PDF-1.7 and then nothing of the kind')
    await writeFile(join(folder, 'picture.png'), Buffer.from([137, 80, 78, 71]))
    const { models, ingestion, retriever, documents } = await start(engine)
    await models.use(small)
    const events: string[] = []
    const first = await ingestion.ingestPaths({
      paths: [folder],
      onProgress: (event) => event.type === 'ingest.document' && events.push(event.outcome),
    })
    expect(first).toMatchObject({ documents: 2, unchanged: 0, skipped: 1, models: [small], pending: {} })
    expect(first.failed).toEqual([
      { path: expect.stringContaining('broken.pdf'), code: 'PARSE_FAILED', message: expect.any(String) },
    ])
    expect(events.sort()).toEqual(['added', 'added', 'failed'])

    await writeFile(join(folder, 'a.md'), '# Bees\n\nBees make honey and wax.')
    const second = await ingestion.ingestPaths({
      paths: [join(folder, '**/*.{md,txt}')],
      metadata: { by: 'us' },
    })
    expect(second).toMatchObject({ documents: 2, unchanged: 0, failed: [] })
    const third = await ingestion.ingestPaths({ paths: [folder], metadata: { by: 'us' } })
    expect(third).toMatchObject({ documents: 0, chunks: 0, unchanged: 2 })

    const { hits } = await retriever.search({ query: 'honey', filter: { metadata: { by: 'us' } }, topK: 1 })
    expect(hits[0]).toMatchObject({
      title: 'Bees',
      headingPath: ['Bees'],
      content: expect.stringContaining('wax'),
    })
    const { documents: listed, next } = await documents.list()
    expect(listed.map((document) => document.title).sort()).toEqual(['Bees', 'b'])
    expect(next).toBeNull()
    const hit = hits[0]
    const read = await documents.get(hit?.documentId ?? '')
    expect(read.content?.slice(hit?.startOffset ?? 0, hit?.endOffset ?? 0)).toBe(hit?.content)
    await documents.remove(read.id)
    await expect(documents.get(read.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('registers a model that the program brings, and checks what it gives', async () => {
    let width = 4
    const own: OwnModel = {
      modelName: 'own',
      dimension: 4,
      embed: async (texts) => texts.map((text) => new Float32Array(width).fill(text.length)),
    }
    const { models, ingestion, retriever } = await start(engine, { models: [own] })
    expect(await models.list()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ modelName: 'own', provider: 'custom', dimension: 4 }),
      ]),
    )
    await ingestion.ingestDocument({ title: 'One', content: 'one', embeddingModel: 'own' })
    expect((await retriever.search({ query: 'one', modelName: 'own' })).hits).toHaveLength(1)
    width = 5
    await expect(
      ingestion.ingestDocument({ title: 'Two', content: 'two', embeddingModel: 'own' }),
    ).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSION_MISMATCH',
      message: expect.stringMatching(/^Embedding dimension mismatch/),
      data: { model: 'own', expected: 4, received: 5 },
    })
  })

  it('answers the guide’s debug queries as they stand', async () => {
    const place = await engine.place()
    const revector = await createRevector(place)
    await revector.models.use(small)
    await revector.ingestion.ingestDocument({ title: 'One', content: 'One text.' })
    await revector.db.close()

    const db = await connectDatabase(place)
    onTestFinished(() => db.close())
    const { rows: registered } = await db.query(raw('SELECT * FROM embedding_models;'))
    expect(registered).toEqual(
      expect.arrayContaining([expect.objectContaining({ model_name: small, dimension: 256 })]),
    )
    const { rows: columns } = await db.query(
      raw(`SELECT column_name
FROM information_schema.columns
WHERE table_name = 'chunk_embeddings'
AND column_name LIKE 'embedding_%';`),
    )
    expect(columns).toEqual(
      expect.arrayContaining([{ column_name: 'embedding_256' }, { column_name: 'embedding_1536' }]),
    )
    const { rows: counts } = await db.query(
      raw(`SELECT em.model_name, em.dimension, COUNT(ce.id) as count
FROM embedding_models em
LEFT JOIN chunk_embeddings ce ON ce.model_id = em.id
GROUP BY em.model_name, em.dimension;`),
    )
    expect(counts).toEqual(expect.arrayContaining([{ model_name: small, dimension: 256, count: '1' }]))
  })

  it('says one clear sentence for each of the guide’s three errors', async () => {
    const { models, retriever, db } = await start(engine)
    await expect(models.add({ modelName: small, dimension: 257 })).rejects.toMatchObject({
      code: 'MODEL_DIMENSION_CONFLICT',
    })
    await expect(retriever.search({ query: 'x', modelName: small, topK: 0 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(retriever.search({ query: 'x', modelName: 'nobody' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    })
    await db.close()
    await expect(models.list()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

it('says what is in a folder that is not there or empty, and writes nothing', async () => {
  const parent = await temporaryFolder()
  const revector = await createRevector({ dataDir: join(parent, 'missing') })
  onTestFinished(() => revector.db.close())
  const nothing = { engine: 'embedded', revision: 0, legacy: null, models: [], documents: 0, chunks: 0 }
  const looked = await revector.db.status()
  expect(looked).toMatchObject(nothing)
  expect(await readdir(parent)).toEqual([])

  const inEmpty = await createRevector({ dataDir: parent })
  expect(await inEmpty.db.status()).toEqual(looked)
  await inEmpty.db.close()
  expect(await readdir(parent)).toEqual([])

  // What was looked at is not kept: afterwards the folder is made, and holds what is written.
  await revector.db.initialize()
  expect(await revector.db.status()).toMatchObject({
    ...nothing,
    revision: looked.latestRevision,
    models: expect.anything(),
  })
  expect(await readdir(parent)).toEqual(['missing'])
})
