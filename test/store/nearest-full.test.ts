import { beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import type { Layout } from '../../src/schema/layout.ts'
import { modelTable } from '../../src/schema/model-table.ts'
import { deleteChunks } from '../../src/store/chunks.ts'
import { findNearest } from '../../src/store/nearest.ts'
import { defaultTuning, type NearestTuning } from '../../src/store/nearest-tuning.ts'
import type { Model } from '../../src/wire/model.ts'
import type { SearchFilter } from '../../src/wire/search.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, addTexts, bulkLoad, setUp, spec } from './corpus.ts'

const documents = 150
const chunksEach = 20
const rows = documents * chunksEach

/** As if 3,000 rows were many: the HNSW index is used, and gives up after visiting 300. */
const impatient: NearestTuning = {
  exactRows: 100,
  efSearch: 40,
  filterSurplus: 0,
  lookupsPerRow: 0,
  maxScanTuples: 300,
}

/** On a half circle: chunk i at the angle i, so that what is near to the first is far from the last. */
function onCircle(i: number, of: number): Float32Array {
  const angle = (Math.PI * i) / of
  return Float32Array.of(Math.cos(angle), Math.sin(angle), 0.01)
}

describeEngines('a search is full whenever there are k chunks', (engine) => {
  let db: Database
  let layout: Layout
  let model: Model
  let ids: readonly string[]

  beforeAll(async () => {
    db = await engine.connect()
    layout = await setUp(db)
    model = await addModel(db, spec('circle', 3), 'current')
    ids = await addTexts(db, documents, chunksEach)
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId, i) => ({ chunkId, vector: onCircle(i, rows) })),
    )
    // A server would take what is deleted out of the HNSW index, at a moment of its own.
    await db.query(sql`alter table ${modelTable(model.id)} set (autovacuum_enabled = off)`)
  })

  const nearest = (
    request: { k: number; filter?: SearchFilter; vector?: Float32Array; vectors?: number },
    tuning = impatient,
  ) =>
    findNearest(
      db,
      layout,
      { model, vector: onCircle(0, rows), versionOf: null, vectors: rows, ...request },
      { tuning },
    )

  test('when the filter leaves only what is farthest from the query', async () => {
    // 60 documents of 20 chunks each pass, on the other side of the circle; the HNSW index starts at this one.
    const filter = { documentIds: Array.from({ length: 60 }, (_, i) => String(documents - i)) }
    for (const k of [1, 10, 100, 1_000]) {
      const { found, paths } = await nearest({ k, filter }, { ...impatient, exactRows: 10 })
      expect(paths).toEqual(['filtered', 'complete'])
      // The best of a set on a half circle are its first in order.
      const first = (documents - 60) * chunksEach
      expect(found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(first, first + k))
    }
  })

  test('compares all when the HNSW index runs out before it gave the surplus, though it gave k', async () => {
    const filter = { documentIds: ['1', ...Array.from({ length: 50 }, (_, i) => String(documents - i))] }
    for (const [filterSurplus, paths] of [
      [0, ['filtered']],
      [40, ['filtered', 'complete']],
    ] as const) {
      const all = await nearest({ k: 10, filter }, { ...impatient, filterSurplus })
      expect(all.paths).toEqual(paths)
      expect(all.found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(0, 10))
    }
  })

  test('when the filter leaves few, by every part of a filter', async () => {
    const filters: readonly (readonly [SearchFilter, number])[] = [
      [{ documentIds: ['150'] }, 20],
      [{ title: 'tle 150' }, 20],
      [{ metadata: { number: 150 } }, 20],
      [{ createdAfter: new Date('2026-05-31T00:00:00Z') }, 20],
      [{ createdBefore: new Date('2026-01-03T00:00:00Z') }, 20],
      [{ metadata: { even: true }, documentIds: ['149', '150'] }, 20],
      [{ metadata: { even: true }, documentIds: ['149'] }, 0],
      [{ documentIds: [] }, 0],
      [{ documentIds: ['no number', '99999999999999999999', '-1'] }, 0],
      [{ title: '%' }, 0],
    ]
    for (const [filter, expected] of filters) {
      const { found, paths, matching } = await nearest({ k: 20, filter })
      expect({ filter, found: found.length, paths, matching }).toEqual({
        filter,
        found: expected,
        paths: ['filtered'],
        matching: { chunks: expected, vectors: expected },
      })
      expect(await nearest({ k: 20, filter, vectors: 50 })).toMatchObject({ found, paths: ['complete'] })
    }
  })

  test('from k = 1 to 1,000, HNSW index and comparison alike', async () => {
    for (const k of [1, 2, 40, 41, 100, 999, 1_000]) {
      const hnswIndex = await nearest({ k }, { ...defaultTuning, exactRows: 0 })
      expect(hnswIndex.paths).toEqual(['index'])
      expect(hnswIndex.found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(0, k))
      const scan = await nearest({ k }, { ...defaultTuning, exactRows: 10_000 })
      expect(scan.paths).toEqual(['scan'])
      expect(scan.found).toEqual(hnswIndex.found)
    }
  })

  test('when the nearest were deleted', async () => {
    const remove = (doomed: readonly string[]) => db.transaction((tx) => deleteChunks(tx, layout, doomed))
    await remove(ids.slice(0, 60))
    const near = await nearest({ k: 10 })
    expect(near.paths).toEqual(['index', 'further'])
    expect(near.found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(60, 70))
    await remove(ids.slice(60, 500))
    const far = await nearest({ k: 100 })
    expect(far.paths).toEqual(['index', 'further', 'complete'])
    expect(far.found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(500, 600))
  })

  test('when vectors are left of chunks that are gone', async () => {
    // As in a database whose foreign key did not hold.
    const orphans = ids.slice(500, 900)
    await db.transaction(async (tx) => {
      await tx.query(
        sql`alter table chunk_embeddings_model_1 drop constraint chunk_embeddings_model_1_chunk_id_fkey`,
      )
      await tx.query(sql`delete from chunks where id = any(${orphans}::bigint[])`)
    })
    const expected = ids.slice(900, 950)
    for (const exactRows of [0, 10_000]) {
      const { found } = await nearest({ k: 50 }, { ...impatient, exactRows })
      expect(found.map((chunk) => chunk.chunkId)).toEqual(expected)
    }
  })

  test('equal distances stand in the order of the chunks', async () => {
    const twin = onCircle(10, rows).map((value) => -value)
    await db.query(sql`
      update ${modelTable(model.id)} set embedding_3 = ${`[${[...twin]}]`}::vector
      where chunk_id = any(${ids.slice(1_000, 1_030)}::bigint[])`)
    for (const exactRows of [0, 10_000]) {
      const { found } = await nearest({ k: 30, vector: twin }, { ...impatient, exactRows })
      expect(found.map((chunk) => chunk.chunkId)).toEqual(ids.slice(1_000, 1_030))
    }
  })

  test('shows what the chunk and its document say', async () => {
    const { found } = await nearest({ k: 1, vector: onCircle(2_000, rows) })
    expect(found[0]).toMatchObject({
      chunkId: ids[2_000],
      documentId: '101',
      title: 'Title 101',
      content: 'Text 0 of Title 101',
      metadata: { number: 101, even: false },
      source: 'source/101',
      headingPath: ['A', 'B'],
      page: null,
      startOffset: 0,
      endOffset: 1,
      updatedAt: expect.any(Date),
    })
  })
})
