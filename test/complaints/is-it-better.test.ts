import { expect, it } from 'vitest'
import type { Revector } from '../../src/index.ts'
import { describeEngines } from '../support/engines.ts'
import { paragraphs } from '../support/words.ts'
import { ingest, sharedRevector, vectorOf, watchedModel } from './support.ts'

const texts = paragraphs(80)
/** A question whose answer is known. */
const questions = texts.map((text) => text.split(/\s+/).slice(0, 12).join(' '))

describeEngines('is the new model better?', (engine) => {
  const [used, praised] = [watchedModel('used', 256), watchedModel('praised', 24)]
  const begin = sharedRevector(engine, [used, praised])

  // 17. https://github.com/librefang/librefang/issues/7912
  it('librefang#7912: both models answer for the whole corpus before anything is switched', async () => {
    // Whatever it is praised for, on this corpus it knows texts by their length alone.
    praised.give = (text) => vectorOf('praised', 24, String(text.length))
    const revector = await begin('used')
    const ids = await ingest(revector, texts)
    await revector.migrations.start({ targetModel: 'praised', gates: { overlap: 0.5 } })
    await revector.migrations.work({ once: true })

    // Without a judged question: what one of them takes for near, the other does not, and that stops the move.
    const status = await revector.migrations.status()
    expect(status).toMatchObject({
      state: 'paused',
      error: { code: 'GATE_FAILED' },
      doneChunks: texts.length,
    })
    expect(status.verification?.gates.find(({ gate }) => gate === 'overlap')).toMatchObject({ passed: false })
    // With a few: each model is asked by its name, over all there is.
    expect(await foundFirst(revector, 'used', ids)).toBeGreaterThan(texts.length * 0.9)
    expect(await foundFirst(revector, 'praised', ids)).toBeLessThan(texts.length * 0.1)
    // Side by side in one answer, with the ranks of both.
    const { hits, coverage } = await revector.retriever.searchMultiModel({
      query: questions[0] ?? '',
      modelNames: ['used', 'praised'],
      topK: texts.length,
    })
    expect(coverage).toEqual({ used: 1, praised: 1 })
    expect(hits.flatMap(({ models }) => models['used']?.rank ?? [])).toContain(1)
    expect(hits.flatMap(({ models }) => models['praised']?.rank ?? [])).toContain(1)

    await revector.migrations.cancel()
    expect((await revector.retriever.search({ query: questions[0] ?? '' })).models).toEqual(['used'])
  })
})

/** Questions whose answer comes first. */
async function foundFirst(revector: Revector, modelName: string, ids: readonly string[]): Promise<number> {
  let found = 0
  for (const [i, query] of questions.entries()) {
    const { hits } = await revector.retriever.search({ query, modelName, topK: 1 })
    if (hits[0]?.documentId === ids[i]) found += 1
  }
  return found
}
