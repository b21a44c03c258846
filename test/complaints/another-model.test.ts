import { expect, it } from 'vitest'
import { describeEngines } from '../support/engines.ts'
import { fakeProvider } from '../support/providers/server.ts'
import { paragraphs } from '../support/words.ts'
import { ingest, sharedRevector, vectorOf, watchedModel } from './support.ts'

const texts = paragraphs(12)
const question = 'anchor tide harbour'

describeEngines('another model', (engine) => {
  const [old, now] = [watchedModel('old', 16), watchedModel('now', 24)]
  const [used, tried] = [watchedModel('used', 16), watchedModel('tried', 24)]
  // Pairs of one width, so that nothing but the model tells their vectors apart.
  const [asked, other] = [watchedModel('asked', 16), watchedModel('other', 16)]
  const [a, b] = [watchedModel('a', 16), watchedModel('b', 16)]
  const wide = watchedModel('wide', 40)
  const begin = sharedRevector(engine, [old, now, used, tried, asked, other, a, b, wide], {
    modelLimits: { bge: { maxAttempts: 1 } },
  })

  // 6. https://github.com/infiniflow/ragflow/issues/11429
  it('ragflow#11429: the same model behind another endpoint is the same model', async () => {
    const one = await fakeProvider('openai-compatible', 24)
    const two = await fakeProvider('openai-compatible', 24)
    const revector = await begin()
    const served = { modelName: 'bge', dimension: 24, provider: 'openai-compatible' } as const
    const first = await revector.models.add({ ...served, baseUrl: one.url })
    await revector.models.use('bge')
    await ingest(revector, texts.slice(0, 6))
    const second = await revector.models.add({ ...served, baseUrl: two.url })
    expect(second.id).toBe(first.id)
    await ingest(revector, texts.slice(6))
    expect(one.requests.flatMap((request) => request.texts)).toHaveLength(6)
    expect(two.requests.flatMap((request) => request.texts)).toHaveLength(6)
    // What one of them made is found with a question that the other embedded.
    const found = await revector.retriever.search({ query: question, topK: 12 })
    expect(found).toMatchObject({ coverage: { bge: 1 } })
    expect(found.hits).toHaveLength(12)
    expect(one.requests.flatMap((request) => request.texts)).toHaveLength(6)
  })

  // 7. https://github.com/onyx-dot-app/onyx/issues/6493
  it('onyx#6493: documents that came through the API are moved like all others', async () => {
    const revector = await begin('old')
    // No file, no source, no connector to ask again.
    const ids = await ingest(revector, texts)
    await revector.ingestion.migrateToNewModel({ sourceModel: 'old', targetModel: 'now' })
    for (const id of ids) {
      const { models } = await revector.documents.embeddings(id)
      expect(models.find((model) => model.modelName === 'now')).toMatchObject({ coverage: 1 })
    }
  })

  // 8. https://github.com/timescale/pgai/issues/337
  it('pgai#337: trying another model drops and recreates nothing', async () => {
    const revector = await begin('used')
    const [id = ''] = await ingest(revector, texts)
    const before = await revector.retriever.search({ query: question })
    await revector.ingestion.updateDocumentEmbeddings({ documentId: id, modelName: 'tried' })
    const compared = await revector.retriever.searchMultiModel({
      query: question,
      modelNames: ['used', 'tried'],
      topK: 12,
    })
    expect(compared.coverage).toEqual({ used: 1, tried: 1 / 12 })
    const { hits } = await revector.retriever.search({ query: question })
    expect(hits).toEqual(before.hits)
    expect(await revector.models.remove('tried')).toMatchObject({ embeddings: 1 })
    expect((await revector.retriever.search({ query: question })).hits).toEqual(before.hits)
  })

  // 12. https://github.com/AgentSwarms-fyi/agentswarms/issues/19
  it('agentswarms#19: chunks of one model are never searched with another’s question', async () => {
    const revector = await begin('asked')
    await ingest(revector, texts)
    await expect(revector.retriever.search({ query: question, modelName: 'other' })).rejects.toMatchObject({
      code: 'MODEL_EMPTY',
    })
    await expect(
      revector.retriever.search({ query: question, queryVector: vectorOf('other', 17, question) }),
    ).rejects.toMatchObject({ code: 'EMBEDDING_DIMENSION_MISMATCH' })
    const found = await revector.retriever.search({ query: question })
    expect(found.models).toEqual(['asked'])
    expect(asked.queries).toContain(question)
  })

  // 16. https://github.com/alphaonedev/ai-memory-mcp/issues/2167, https://github.com/smaramwbc/statewave/issues/421
  it('ai-memory-mcp#2167, statewave#421: the same width, and nothing is mixed, nor remembered wrongly', async () => {
    const revector = await begin('a')
    await ingest(revector, texts)
    // The same question before and after, so that a memory of its vector or of the model would show.
    const before = await revector.retriever.search({ query: question, topK: 12 })
    await revector.ingestion.migrateToNewModel({ sourceModel: 'a', targetModel: 'b' })
    const after = await revector.retriever.search({ query: question, topK: 12 })
    expect([before.models, after.models]).toEqual([['a'], ['b']])
    expect(b.queries).toEqual([question])
    for (const { models, hits } of [before, after]) {
      expect(hits).toHaveLength(12)
      for (const hit of hits) {
        expect(hit.distance).toBeCloseTo(distanceOf(models[0] ?? '', hit.content), 5)
        expect(Object.keys(hit.models)).toEqual(models)
      }
    }
    // A name that means a space keeps meaning it.
    await expect(
      revector.models.add({ modelName: 'b', dimension: 16, provider: 'lexical-hash' }),
    ).rejects.toMatchObject({ code: 'MODEL_SPACE_CONFLICT' })
  })

  // 20. https://github.com/garrytan/gbrain/pull/3459
  it('gbrain#3459: nothing that hangs on chunks or vectors is left behind by a move', async () => {
    const revector = await begin('now')
    const ids = await ingest(revector, texts)
    const chunkIds = async () => {
      const { hits } = await revector.retriever.search({ query: question, topK: 12 })
      return hits.map((hit) => hit.chunkId).sort()
    }
    const before = await chunkIds()
    expect(before).toHaveLength(12)
    await revector.ingestion.migrateToNewModel({ sourceModel: 'now', targetModel: 'wide' })
    // What refers to chunks, of ours or of others, still refers to something: only vectors were made.
    expect(await chunkIds()).toEqual(before)
    // Searches, whole and filtered, follow at once; writes go on in both widths.
    const found = await revector.retriever.search({ query: question, filter: { documentIds: ids }, topK: 12 })
    expect(found).toMatchObject({ models: ['wide'], coverage: { wide: 1 } })
    expect(found.hits).toHaveLength(12)
    const [id = ''] = await ingest(revector, ['Written after the move.'])
    const { models } = await revector.documents.embeddings(id)
    const covered = models.filter((model) => model.coverage === 1).map((model) => model.modelName)
    expect(covered).toEqual(expect.arrayContaining(['now', 'wide']))
  })
})

function distanceOf(model: string, content: string): number {
  const [q, d] = [vectorOf(model, 16, question), vectorOf(model, 16, content)]
  return 1 - q.reduce((sum, x, i) => sum + x * (d[i] ?? 0), 0)
}
