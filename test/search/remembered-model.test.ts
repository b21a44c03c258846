import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { lockModels, setModelState, switchCurrent } from '../../src/store/models.ts'
import { embedChunks, testCorpus, writeLines } from '../support/corpus-parts.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('a model that a process remembers as current', (engine) => {
  it('may have lost its provider and been replaced since: the next search follows', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, models, first, second } = corpus
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, second)
    const parts = { ...corpus, memory: createSearchMemory() }
    expect((await search(parts, { query: 'bees' })).models).toEqual(['first'])

    models.before = async (model) => {
      if (model.id === first.id) throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.')
    }
    // As long as it is current, that is what is wrong.
    await expect(search(parts, { query: 'bees' })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    const switchTo = (to: typeof first) =>
      db.transaction(async (tx) => {
        await lockModels(tx)
        await switchCurrent(tx, to)
      })
    await switchTo(second)
    expect((await search(parts, { query: 'bees' })).models).toEqual(['second'])

    // A vector of the new one's width is no mistake either.
    models.before = async () => {}
    await setModelState(db, first.id, 'standby')
    await switchTo(first)
    const vector = new Float32Array(first.dimension).fill(0.25)
    expect((await search(parts, { queryVector: vector })).models).toEqual(['first'])
  })
})
