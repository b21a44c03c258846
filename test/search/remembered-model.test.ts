import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import { addModel, useModel } from '../../src/models/registry.ts'
import { createSearchMemory } from '../../src/search/memory.ts'
import { search } from '../../src/search/search.ts'
import { searchWhileFilling } from '../../src/search/search-while-filling.ts'
import { lockModels, setModelState, switchCurrent } from '../../src/store/models.ts'
import type { SearchResult } from '../../src/wire/search.ts'
import { embedChunks, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'

describeEngines('a model that a process remembers as current', (engine) => {
  it('may have lost its provider and been replaced since: the next search follows', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, models, first, second } = corpus
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, second)
    const deps = { ...corpus, memory: createSearchMemory() }
    expect((await search(deps, { query: 'bees' })).models).toEqual(['first'])

    models.before = async (model) => {
      if (model.id === first.id) throw new RevectorError('PROVIDER_UNAVAILABLE', 'Gone.')
    }
    // As long as it is current, that is what is wrong.
    await expect(search(deps, { query: 'bees' })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    const switchTo = (to: typeof first) =>
      db.transaction(async (tx) => {
        await lockModels(tx)
        await switchCurrent(tx, to)
      })
    await switchTo(second)
    expect((await search(deps, { query: 'bees' })).models).toEqual(['second'])

    // A vector of the new one's width is no mistake either.
    models.before = async () => {}
    await setModelState(db, first.id, 'standby')
    await switchTo(first)
    const vector = new Float32Array(first.dimension).fill(0.25)
    expect((await search(deps, { queryVector: vector })).models).toEqual(['first'])
  })

  it('is not asked with its own vector for what another finds by now', async () => {
    const corpus = await testCorpus(await engine.connect())
    const { db, layout, first } = corpus
    const twin = await addModel({ db, layout }, { ...space('twin', first.dimension), revision: 'two' })
    await writeLines(corpus, 'a.md', ['bees', 'ships'])
    await embedChunks(corpus, twin)
    const deps = { ...corpus, memory: createSearchMemory() }
    // Opposite to each other, so that no distance in the one is one in the other.
    const vector = new Float32Array(first.dimension).fill(0.25)
    const request = {
      serve: 'source',
      queryVectors: { first: vector, twin: vector.map((value) => -value) },
    } as const
    await searchWhileFilling(deps, request)
    await useModel({ db, layout }, 'twin')
    const distances = ({ hits }: SearchResult) => hits.map((hit) => hit.distance)
    const after = await searchWhileFilling(deps, request)
    expect(after.models).toEqual(['twin'])
    expect(distances(after)).toEqual(
      distances(await search(corpus, { modelName: 'twin', queryVector: request.queryVectors.twin })),
    )
  })
})
