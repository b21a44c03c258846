import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { MigrationStatus, Revector } from '../../src/index.ts'
import { describeEngines, temporaryFolder } from '../support/engines.ts'
import { paragraphs } from '../support/words.ts'
import { embeddingsOf, ingest, sharedRevector, type WatchedModel, watchedModel } from './support.ts'

const texts = paragraphs(40)
const question = 'track station signal'

/** A source and a target of their own for every complaint, so that one database serves all. */
const complaints = ['previous', 'hang', 'ingest', 'partial', 'transient', 'dead', 'poison', 'loop'] as const
type Complaint = (typeof complaints)[number]

function pair(complaint: Complaint): readonly [WatchedModel, WatchedModel] {
  return [watchedModel(`${complaint}-from`, 16), watchedModel(`${complaint}-to`, 24)]
}

describeEngines('while a corpus moves', (engine) => {
  const pairs = Object.fromEntries(complaints.map((one) => [one, pair(one)])) as Record<
    Complaint,
    readonly [WatchedModel, WatchedModel]
  >
  const begin = sharedRevector(engine, Object.values(pairs).flat())

  async function moving(complaint: Complaint, documents = texts) {
    const [from, to] = pairs[complaint]
    const revector = await begin(from.modelName)
    const ids = await ingest(revector, documents)
    const models = { sourceModel: from.modelName, targetModel: to.modelName }
    return { revector, from, to, ids, models }
  }

  /** Ends a migration that a test leaves open, so that the next one's writes don't pay for it. */
  async function end(revector: Revector, { id }: MigrationStatus): Promise<void> {
    await revector.migrations.cancel(id)
  }

  // 1. https://github.com/langgenius/dify/issues/40961
  it('dify#40961: the target’s vectors are made by the target, from the first one on', async () => {
    const { revector, from, to, models } = await moving('previous')
    const before = from.documents.length
    const { id } = await revector.migrations.start(models)
    await revector.migrations.work({ migrationId: id, once: true })
    expect(from.documents).toHaveLength(before)
    expect(to.documents).toEqual(expect.arrayContaining(texts))
    await revector.migrations.cutOver(id)
    // Found at distance 0 by the target's own vector of its text: no other model made it.
    for (const text of texts.slice(0, 10)) {
      const queryVector = to.give(text)
      const { hits, models: used } = await revector.retriever.search({ query: '', queryVector, topK: 1 })
      expect(used).toEqual([to.modelName])
      expect(hits[0]).toMatchObject({ content: text })
      expect(hits[0]?.distance).toBeCloseTo(0, 6)
    }
  })

  // 2. https://github.com/langgenius/dify/issues/28329
  it('dify#28329: all documents are re-indexed, not one', async () => {
    const { revector, to, ids, models } = await moving('hang')
    const report = await revector.ingestion.migrateToNewModel(models)
    expect(report).toMatchObject({ embedded: 40 })
    for (const id of ids) {
      const { models: covered } = await revector.documents.embeddings(id)
      expect(covered.find((model) => model.modelName === to.modelName)).toMatchObject({ coverage: 1 })
    }
  })

  // 3. https://github.com/langgenius/dify/issues/12913
  it('dify#12913: the model is changed while files come in: each vector lands in its own width', async () => {
    const { revector, from, to, models } = await moving('ingest')
    const folder = join(await temporaryFolder(), 'files')
    await mkdir(folder)
    for (const [i, text] of paragraphs(30, 5).entries()) {
      await writeFile(join(folder, `${i}.txt`), `${text}\n\n${'More of the same. '.repeat(3)}${i}`)
    }
    const [report, moved] = await Promise.all([
      revector.ingestion.ingestPaths({ paths: [folder] }),
      revector.migrations.run(models),
    ])
    expect(report).toMatchObject({ documents: 30, failed: [] })
    expect(moved).toMatchObject({ state: 'cut_over' })
    // What a write pending is paid by a worker.
    await revector.migrations.work({ once: true })
    const { chunks } = await revector.db.status()
    expect(await embeddingsOf(revector, from.modelName)).toBe(chunks)
    expect(await embeddingsOf(revector, to.modelName)).toBe(chunks)
    expect((await revector.retriever.search({ query: question })).coverage).toEqual({ [to.modelName]: 1 })
  })

  // 13. https://github.com/nowledge-co/community/issues/606
  it('nowledge-co/community#606: searches stay whole, a part says it is one, and an interrupted move goes on', async () => {
    const { revector, from, to, models } = await moving('partial')
    const whole = await revector.retriever.search({ query: question, topK: 40 })
    // A part of the corpus, as an interrupted move leaves it.
    const part = await revector.migrations.start({ ...models, scope: { sample: 10 } })
    await revector.migrations.work({ migrationId: part.id, once: true })
    const during = await revector.retriever.search({ query: question, topK: 40 })
    expect(during).toMatchObject({ models: [from.modelName], coverage: { [from.modelName]: 1 } })
    expect(during.hits).toEqual(whole.hits)
    const partial = await revector.retriever.search({ query: question, modelName: to.modelName, topK: 40 })
    expect(partial.coverage).toEqual({ [to.modelName]: 0.25 })
    expect(partial.hits).toHaveLength(10)
    // The rest, interrupted in the middle of it.
    const rest = await revector.migrations.start({ ...models, scope: {} })
    expect(rest).toMatchObject({ id: part.id, state: 'filling', totalChunks: 40, doneChunks: 10 })
    const stop = new AbortController()
    to.before = () => stop.abort()
    const working = revector.migrations.work({ migrationId: rest.id, once: true, abort: stop.signal })
    await expect(working).rejects.toMatchObject({ code: 'INTERRUPTED' })
    to.before = () => {}
    expect(await revector.migrations.status()).toMatchObject({ state: 'filling' })
    await revector.migrations.work({ migrationId: rest.id, once: true })
    expect(await revector.migrations.cutOver()).toMatchObject({ state: 'cut_over', doneChunks: 40 })
  })

  // 14. https://github.com/nowledge-co/nowledge-mem/issues/75
  it('nowledge-mem#75: a batch that fails once is tried again', async () => {
    const { revector, to, models } = await moving('transient')
    const { id } = await revector.migrations.start(models)
    let failures = 0
    to.before = () => {
      failures += 1
      if (failures === 1) throw new Error('A hiccup of the network')
    }
    await revector.migrations.work({ migrationId: id, once: true })
    to.before = () => {}
    expect(failures).toBeGreaterThan(1)
    expect(await revector.migrations.status(id)).toMatchObject({
      state: 'ready',
      doneChunks: 40,
      quarantinedChunks: 0,
    })
    await end(revector, await revector.migrations.status(id))
  })

  it('nowledge-mem#75: a move that did not happen is not reported as done', async () => {
    const { revector, from, to, models } = await moving('dead')
    to.before = () => {
      throw new Error('It is gone')
    }
    // Already the plan finds out.
    await expect(revector.ingestion.migrateToNewModel(models)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
    expect(await embeddingsOf(revector, to.modelName)).toBe(0)
    expect((await revector.retriever.search({ query: question })).models).toEqual([from.modelName])
    to.before = () => {}
    const { doctor } = revector
    expect(
      (await doctor({ probe: false })).checks.find((one) => one.check === 'current_model'),
    ).toMatchObject({
      model: from.modelName,
    })
  })

  // 15. https://github.com/Signet-AI/signetai/issues/1358
  it('signetai#1358: one text that can’t be embedded stands aside, with its reason', async () => {
    const { revector, to, ids, models } = await moving('poison')
    const { id } = await revector.migrations.start(models)
    const poison = texts[7] ?? ''
    to.give = (text) => (text === poison ? new Float32Array(24) : watchedModel(to.modelName, 24).give(text))
    await revector.migrations.work({ migrationId: id, once: true })
    const stuck = await revector.migrations.status(id)
    expect(stuck).toMatchObject({ doneChunks: 39, quarantinedChunks: 1 })
    const { hits } = await revector.retriever.search({ query: poison, topK: 1 })
    expect(hits[0]).toMatchObject({ documentId: ids[7], content: poison })
    expect(await revector.migrations.quarantine(id)).toMatchObject([
      { chunkId: hits[0]?.chunkId, reason: expect.stringContaining('zero') },
    ])
    // Nothing went by in silence: somebody has to say that it may be left out.
    await expect(revector.migrations.cutOver(id)).rejects.toMatchObject({
      code: expect.stringMatching(/GATE_FAILED|MIGRATION_STATE/),
    })
    await revector.migrations.resume(id, { allowedQuarantined: 1 })
    await revector.migrations.work({ migrationId: id, once: true })
    expect(await revector.migrations.cutOver(id)).toMatchObject({ state: 'cut_over', quarantinedChunks: 1 })
  })

  // 15. https://github.com/Signet-AI/signetai/issues/1160
  it('signetai#1160: a provider that stays away is not asked for ever: the migration pauses', async () => {
    const { revector, to, models } = await moving('loop')
    const { id } = await revector.migrations.start(models)
    let calls = 0
    to.before = () => {
      calls += 1
      throw new Error('It is gone')
    }
    await revector.migrations.work({ migrationId: id, once: true })
    to.before = () => {}
    expect(calls).toBeLessThan(20)
    const paused = await revector.migrations.status(id)
    expect(paused).toMatchObject({
      state: 'paused',
      error: { by: 'provider', code: 'PROVIDER_UNAVAILABLE' },
    })
    const { checks } = await revector.doctor({ probe: false })
    expect(checks.filter((one) => one.check === 'migrations' && one.model === to.modelName)).toMatchObject([
      { result: 'warn', sentence: expect.stringContaining('is paused') },
    ])
    await end(revector, paused)
  })
})
