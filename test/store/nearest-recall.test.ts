import { expect, test } from 'vitest'
import { findNearest } from '../../src/store/nearest.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from './corpus.ts'

describeEngines('the HNSW index finds what a comparison with every vector finds', (engine) => {
  // A row takes some 20 ms through a wide HNSW index on the embedded engine.
  const many = engine.name === 'server' ? 4_000 : 400
  test.each([
    [64, 2_000],
    [384, many],
    [2_500, engine.name === 'server' ? 2_000 : 150],
    [4_200, engine.name === 'server' ? 2_000 : 400],
  ])('%i dimensions, %i chunks', async (dimension, chunks) => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', dimension), 'current')
    const ids = await addTexts(db, chunks / 10, 10)
    const make = clusteredVectors(dimension, { seed: 7, clusters: Math.ceil(chunks / 100) })
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: make() })),
    )
    let found = 0
    const queries = 20
    for (let i = 0; i < queries; i++) {
      const request = { model, vector: make(), k: 10, versionOf: null, vectors: chunks }
      const hnswIndex = await findNearest(db, layout, request, { tuning: { ...defaultTuning, exactRows: 0 } })
      const exact = await findNearest(db, layout, request, { tuning: { ...defaultTuning, exactRows: 1e9 } })
      expect([hnswIndex.paths, exact.paths]).toEqual([['index'], ['scan']])
      const wanted = new Map(exact.found.map((chunk) => [chunk.chunkId, chunk.distance]))
      for (const chunk of hnswIndex.found) {
        if (!wanted.has(chunk.chunkId)) continue
        found += 1
        // Re-ranked by the exact vectors: what Postgres returned is the model's own distance.
        expect(chunk.distance).toBe(wanted.get(chunk.chunkId))
      }
      const distances = hnswIndex.found.map((chunk) => chunk.distance)
      expect(distances).toEqual([...distances].sort((a, b) => a - b))
    }
    expect(found / (queries * 10)).toBeGreaterThanOrEqual(0.95)
  })
})

describeEngines('rows that the HNSW index gives out of order are sorted', (engine) => {
  test('a filtered search gives the nearest of all that it has seen', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', 32), 'current')
    const ids = await addTexts(db, 400, 10)
    const make = clusteredVectors(32, { seed: 7, clusters: 20 })
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: make() })),
    )
    // Few in view and a large surplus: what is nearest often comes late.
    const tuning = {
      exactRows: 100,
      efSearch: 20,
      filterSurplus: 80,
      lookupsPerRow: 0,
      maxScanTuples: 20_000,
    }
    let found = 0
    const queries = 40
    for (let i = 0; i < queries; i++) {
      const filter = { metadata: { even: true } }
      const request = { model, vector: make(), k: 10, filter, versionOf: null, vectors: ids.length }
      const hnswIndex = await findNearest(db, layout, request, { tuning })
      const exact = await findNearest(db, layout, request, { tuning: { ...tuning, exactRows: 1e9 } })
      expect([hnswIndex.paths, exact.paths]).toEqual([['filtered'], ['complete']])
      const distances = hnswIndex.found.map((chunk) => chunk.distance)
      expect(distances).toEqual([...distances].sort((a, b) => a - b))
      const wanted = new Set(exact.found.map((chunk) => chunk.chunkId))
      found += hnswIndex.found.filter((chunk) => wanted.has(chunk.chunkId)).length
    }
    expect(found / (queries * 10)).toBeGreaterThanOrEqual(0.99)
  })
})
