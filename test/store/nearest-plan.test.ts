import { expect, test } from 'vitest'
import { findNearest } from '../../src/store/nearest.ts'
import { explainNearest } from '../../src/store/nearest-plan.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from './corpus.ts'

describeEngines('the plan of a search', (engine) => {
  test.each([384, 512, 768, 1_536, 2_000, 3_072, 4_096, 8_192])('dimension %i', async (dimension) => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', dimension), 'current')
    const ids = await addTexts(db, 60, 10)
    const make = clusteredVectors(dimension, { seed: 1 })
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: make() })),
    )
    const base = { model, vector: make(), k: 10, versionOf: null, vectors: 600 }
    const tuning = { ...defaultTuning, exactRows: 5 }
    for (const filter of [
      undefined,
      { metadata: { even: true } },
      { title: 'title 1' },
      { createdAfter: new Date('2026-01-10') },
    ]) {
      const request = { ...base, filter }
      const explained = await explainNearest(db, layout, request, tuning)
      console.log(dimension, explained.path, explained.index)
      const got = await findNearest(db, layout, request, tuning)
      expect(got.found).toHaveLength(10)
      if (explained.index === null) console.log(JSON.stringify(explained.plan, null, 1).slice(0, 6000))
    }
  })
})
