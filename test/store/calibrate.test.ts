import { beforeAll, expect, it } from 'vitest'
import { checkRecall } from '../../src/doctor/recall.ts'
import { calibrateModel } from '../../src/models/calibrate-model.ts'
import type { Database } from '../../src/postgres/database.ts'
import { ident, sql } from '../../src/postgres/sql.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import type { Layout } from '../../src/schema/layout.ts'
import { documentsByHash } from '../../src/store/documents.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import { requireModel } from '../../src/store/models.ts'
import { findNearest } from '../../src/store/nearest.ts'
import { nearestStatement } from '../../src/store/nearest-statement.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import type { CalibratedModel, Model } from '../../src/wire/model.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from './corpus.ts'

const chunks = 2_000
const wanted = 0.95
/** As if these were many: the HNSW index is used. */
const tuning = { ...defaultTuning, exactRows: 50, lookupsPerRow: 0 }

describeEngines('the search effort of a model', (engine) => {
  let db: Database
  let layout: Layout
  let model: Model
  let found: CalibratedModel

  beforeAll(async () => {
    db = await engine.connect()
    layout = await setUp(db)
    model = await addModel(db, spec('m', 24), 'current')
    const ids = await addTexts(db, chunks / 4, 4)
    const make = clusteredVectors(24, { seed: 11, clusters: chunks })
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: make() })),
    )
    // An index of so few links that the least effort misses many.
    const index = await hnswIndexOf(db, model)
    await dropHnswIndex(db, model)
    await db.query(sql`
      create index ${ident(index?.name ?? '')} on ${ident(`chunk_embeddings_model_${model.id}`)}
        using hnsw (embedding_24 vector_cosine_ops) with (m = 5, ef_construction = 12)`)
    found = await calibrateModel({ db, layout, tuning }, 'm', { recall: wanted })
  })

  it('is the least that reaches the recall asked for, and searches use it', async () => {
    expect(found).toMatchObject({ reached: true, vectors: chunks, effort: { wanted, queries: 200 } })
    expect(found.effort?.efSearch).toBeGreaterThan(40)
    expect(found.effort?.efSearch).toBeLessThan(1_000)
    const [from = 1, to = 0] = found.effort?.interval ?? []
    expect(from).toBeLessThan(found.effort?.recall ?? 0)
    expect(to).toBeGreaterThan(found.effort?.recall ?? 1)

    const stored = await requireModel(db, 'm')
    expect(stored.effort).toEqual(found.effort)
    const vector = new Float32Array(24).fill(1)
    const request = { model: stored, vector, k: 10, versionOf: null, vectors: chunks }
    expect(nearestStatement(layout, request, 'index', tuning).text).toContain(
      `'hnsw.ef_search', '${found.effort?.efSearch}'`,
    )
  })

  it('behind a filter: enough that pass it are taken, where the first ones are not the nearest', async () => {
    const { effort } = found
    expect(effort?.filteredRecall).toBeGreaterThanOrEqual(wanted)
    expect(effort?.filterSurplus).toBeGreaterThan(0)

    const documentIds = await documentsByHash(db, layout, { share: 10, limit: 1_000 })
    const { rows } = await db.query<{ id: string }>(
      sql`select id::text as id from chunks order by id limit 40`,
    )
    const ids = rows.map(({ id }) => id)
    const vectors = await readVectors(db, layout, model, ids)
    const recall = async (used: Model['effort']): Promise<number> => {
      let hits = 0
      for (const vector of vectors.values()) {
        const asked = { model, vector, k: 10, filter: { documentIds }, versionOf: null, vectors: chunks }
        const exact = await findNearest(db, layout, asked, { tuning: { ...tuning, exactRows: 1e9 } })
        const search = { ...asked, model: { ...model, effort: used } }
        const { found: some } = await findNearest(db, layout, search, { tuning })
        const nearest = new Set(exact.found.map(({ chunkId }) => chunkId))
        hits += some.filter(({ chunkId }) => nearest.has(chunkId)).length
      }
      return hits / (vectors.size * 10)
    }
    const without = await recall(effort && { ...effort, efSearch: 10, filterSurplus: 0 })
    expect(await recall(effort)).toBeGreaterThan(without)
  })

  it('is measured again by doctor when the model has grown, and not before', async () => {
    const measured = await requireModel(db, 'm')
    const patient = { model: measured, vectors: chunks, analysed: true, quarantined: 0, migration: null }
    expect(await checkRecall({ db, layout, tuning }, patient)).toMatchObject([
      { check: 'recall', result: 'ok', data: { measured: false } },
    ])
    // As if it had been measured when the model was half as large, with less effort.
    const { effort } = measured
    const small = { ...measured, effort: effort && { ...effort, efSearch: 40, vectors: chunks / 2 } }
    const [check] = await checkRecall({ db, layout, tuning }, { ...patient, model: small })
    expect(check).toMatchObject({
      result: 'warn',
      hint: expect.stringContaining('revector models calibrate m'),
      data: { measured: true, efSearch: 40, queries: 200, wanted },
    })
    expect(await requireModel(db, 'm')).toEqual(measured)
  })

  it('is not needed where every vector is compared, and not measured without an index', async () => {
    expect(await calibrateModel({ db, layout }, 'm')).toEqual({
      modelName: 'm',
      vectors: chunks,
      reached: true,
      effort: null,
    })
    await dropHnswIndex(db, model)
    await expect(calibrateModel({ db, layout, tuning }, 'm')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
