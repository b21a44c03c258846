import { expect, it } from 'vitest'
import { describeEngines } from '../support/engines.ts'
import { paragraphs } from '../support/words.ts'
import { embeddingsOf, ingest, sharedRevector, vectorOf, watchedModel } from './support.ts'

const texts = paragraphs(12)
const question = 'honey hive queen'

describeEngines('a model of another width', (engine) => {
  const [narrow, wide] = [watchedModel('narrow', 16), watchedModel('wide', 40)]
  const [old, now] = [watchedModel('old', 16), watchedModel('now', 40)]
  const wrong = watchedModel('wrong', 16)
  const begin = sharedRevector(engine, [narrow, wide, old, now, wrong])

  // 4. https://github.com/open-webui/open-webui/pull/13225
  it('open-webui#13225: "re-index" does something when the width changes', async () => {
    const revector = await begin('narrow')
    await ingest(revector, texts)
    const report = await revector.ingestion.migrateToNewModel({ sourceModel: 'narrow', targetModel: 'wide' })
    expect(report).toMatchObject({ modelName: 'wide', embedded: 12 })
    expect(wide.documents).toEqual(expect.arrayContaining(texts))
    expect(await embeddingsOf(revector, 'wide')).toBe(12)
    const found = await revector.retriever.search({ query: question, topK: 12 })
    expect(found).toMatchObject({ models: ['wide'], coverage: { wide: 1 } })
    expect(found.hits).toHaveLength(12)
  })

  // 5. https://github.com/open-webui/open-webui/issues/11279
  it('open-webui#11279: nobody has to remember the old model, nothing is wiped', async () => {
    const revector = await begin('old')
    await ingest(revector, texts.slice(0, 6))
    // The model is changed as a setting would be, without a word about what is there.
    await revector.models.use('now', { force: true })
    await ingest(revector, texts.slice(6))
    expect(await embeddingsOf(revector, 'old')).toBe(12)
    expect(await embeddingsOf(revector, 'now')).toBe(6)
    const listed = await revector.models.list()
    expect(listed.find((model) => model.modelName === 'old')).toMatchObject({ dimension: 16, coverage: 1 })
    // What the new one can't see yet is said, and the way back is open.
    const part = await revector.retriever.search({ query: question })
    expect(part.coverage).toEqual({ now: 0.5 })
    expect(await revector.models.use('old')).toEqual({ from: 'now', to: 'old' })
    expect((await revector.retriever.search({ query: question, topK: 12 })).hits).toHaveLength(12)
  })

  // 10. https://github.com/vectorize-io/hindsight/issues/1884
  it('hindsight#1884: 384 to 1024 from the text in the database, whose sources are gone', async () => {
    const [small, large] = ['lexical-hash-384', 'lexical-hash-1024']
    const revector = await begin()
    await revector.models.add({ modelName: small })
    await revector.models.add({ modelName: large })
    await revector.models.use(small)
    const ids = await ingest(revector, texts)
    const before = await Promise.all(ids.map((id) => revector.documents.get(id)))
    await revector.ingestion.migrateToNewModel({ sourceModel: small, targetModel: large })
    // Texts, chunks and their ids are what they were; only vectors were made.
    expect(await Promise.all(ids.map((id) => revector.documents.get(id)))).toEqual(before)
    expect(await revector.retriever.search({ query: question })).toMatchObject({
      models: [large],
      coverage: { [large]: 1 },
    })
  })

  // 11. https://github.com/elizaOS/eliza/issues/29312
  it('eliza#29312: a wrong width is an error, and no success is reported', async () => {
    const revector = await begin('wrong')
    await ingest(revector, [texts[0] ?? ''])
    wrong.give = (text) => vectorOf('wrong', 17, text)
    await expect(revector.ingestion.ingestDocument({ title: 'T', content: 'Lost?' })).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSION_MISMATCH',
      data: { model: 'wrong', expected: 16, received: 17 },
    })
    // Neither half a document nor a text without its vector is left.
    expect((await revector.documents.list()).documents).toHaveLength(1)
    expect((await revector.db.status()).chunks).toBe(1)
    wrong.give = (text) => vectorOf('wrong', 16, text)
    await revector.ingestion.ingestDocument({ title: 'T', content: 'Found again.' })
    expect(await embeddingsOf(revector, 'wrong')).toBe(2)
  })
})
