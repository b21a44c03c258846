import { beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import type { Layout } from '../../src/schema/layout.ts'
import { findNearest } from '../../src/store/nearest.ts'
import { explainNearest } from '../../src/store/nearest-plan.ts'
import { type NearestRequest, nearestStatement } from '../../src/store/nearest-statement.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import type { Model } from '../../src/wire/model.ts'
import type { SearchFilter } from '../../src/wire/search.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from './corpus.ts'

/** Small enough that the tests' few rows count as many. */
const tuning = { ...defaultTuning, exactRows: 50, lookupsPerRow: 0 }

const shapes: readonly (readonly [string, SearchFilter | undefined])[] = [
  ['no filter', undefined],
  ['documents', { documentIds: Array.from({ length: 40 }, (_, i) => String(i + 1)) }],
  ['title', { title: 'TITLE' }],
  ['metadata', { metadata: { even: true } }],
  ['date', { createdAfter: new Date('2026-01-05') }],
  ['all of them', { title: 'title', metadata: { even: true }, createdBefore: new Date('2027-01-01') }],
]

const documents = 60

describeEngines('the HNSW index gives a search its order', (engine) => {
  let db: Database
  let layout: Layout
  let ids: readonly string[]

  beforeAll(async () => {
    db = await engine.connect()
    layout = await setUp(db)
    ids = await addTexts(db, documents, 16)
  })

  async function load(dimension: number, distance: Model['distance'] = 'cosine'): Promise<NearestRequest> {
    const model = await addModel(db, spec(`${distance} ${dimension}`, dimension, { distance }))
    const make = clusteredVectors(dimension, { seed: dimension })
    // Rows with equal vectors share a place in the HNSW index: few different ones make many rows fast to load.
    const vectors = Array.from({ length: dimension > 2_000 ? 40 : 120 }, make)
    const items = ids.map((chunkId, i) => ({ chunkId, vector: vectors[i % vectors.length] ?? make() }))
    await bulkLoad(db, layout, model, items)
    return { model, vector: make(), k: 10, versionOf: null, vectors: items.length }
  }

  test.each([384, 512, 768, 1_536, 2_000, 3_072, 4_096, 8_192])(
    '%i dimensions, every shape of query',
    async (dimension) => {
      const request = await load(dimension)
      const hnswIndex = await hnswIndexOf(db, { ...request.model })
      for (const [shape, filter] of shapes) {
        for (const k of [1, 10, 40]) {
          const narrowed = { ...request, k, filter, vectors: 1_000_000 }
          const explained = await explainNearest(db, layout, narrowed, tuning)
          expect({ shape, k, index: explained.index }).toEqual({ shape, k, index: hnswIndex?.name })
          const { found, paths } = await findNearest(db, layout, narrowed, { tuning })
          expect({ shape, k, found: found.length, paths }).toEqual({
            shape,
            k,
            found: k,
            paths: [filter === undefined ? 'index' : 'filtered'],
          })
        }
      }
    },
  )

  test.each(['inner_product', 'l2'] as const)('the operator of %s', async (distance) => {
    for (const dimension of [20, 2_001, 4_001]) {
      const request = await load(dimension, distance)
      const explained = await explainNearest(db, layout, { ...request, vectors: 1_000_000 }, tuning)
      expect(explained.index).toBe((await hnswIndexOf(db, request.model))?.name)
    }
  })

  test('a prepared statement keeps the HNSW index when it is planned without its values', async () => {
    const request = await load(64)
    const hnswIndex = await hnswIndexOf(db, request.model)
    const statement = nearestStatement(layout, { ...request, vectors: 1_000_000 }, 'index', tuning)
    await db.session(async (session) => {
      await session.query(sql`set plan_cache_mode = force_generic_plan`)
      const types = ['vector', ...statement.values.slice(1).map(() => 'bigint')].join(', ')
      await session.query(raw(`prepare one (${types}) as ${statement.text}`))
      const values = [`'[${[...request.vector].join(',')}]'`, ...statement.values.slice(1)].join(', ')
      const { rows } = await session.query<{ 'QUERY PLAN': string }>(raw(`explain execute one (${values})`))
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).toContain(`Index Scan using ${hnswIndex?.name}`)
      await session.query(sql`deallocate one`)
    })
  })

  test('without statistics, too', async () => {
    const request = await load(2_050)
    await db.query(
      sql`delete from pg_statistic where starelid = ${`chunk_embeddings_model_${request.model.id}`}::regclass`,
    )
    await db.query(
      sql`update pg_class set reltuples = -1, relpages = 0 where oid = ${`chunk_embeddings_model_${request.model.id}`}::regclass`,
    )
    const explained = await explainNearest(db, layout, { ...request, vectors: 1_000_000 }, tuning)
    expect(explained.usesHnswIndex).toBe(true)
  })

  test('small tables and narrow filters are compared one by one, whatever the planner thinks', async () => {
    const request = await load(100)
    const small = await explainNearest(db, layout, request)
    expect(small).toMatchObject({ path: 'scan', usesHnswIndex: false })
    const filtered = await explainNearest(db, layout, { ...request, filter: { title: 'Title 1' } })
    expect(filtered).toMatchObject({ path: 'complete', usesHnswIndex: false })
    const narrow = { ...request, vectors: 1_000_000, filter: { documentIds: ['1', '2'] } }
    expect(await explainNearest(db, layout, narrow)).toMatchObject({ path: 'filtered', usesHnswIndex: false })
    expect((await findNearest(db, layout, narrow)).matching).toEqual({ chunks: 32, vectors: 32 })
  })
})
