import { expect, it } from 'vitest'
import type { ProgressEvent } from '../../src/core/progress.ts'
import type { Queryable } from '../../src/postgres/database.ts'
import { buildBytes, meansOf } from '../../src/schema/build-memory.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { addModel, addTexts, bulkLoad, clusteredVectors, setUp, spec } from '../store/corpus.ts'
import { describeEngines } from '../support/engines.ts'

const mb = 2 ** 20
const gb = 2 ** 30

/** A server with these settings: those of the machine at hand are what they are. */
function server(settings: {
  readonly cache: number
  readonly maintenance?: number
  readonly pgvector?: string
}) {
  const { cache, maintenance = 64 * mb, pgvector = '0.8.2' } = settings
  const row = { maintenance, shared: 128 * mb, cache, helpers: 2, pgvector }
  const db: Queryable = {
    query: async <Row extends object>() => ({ rows: [row] as unknown as Row[], rowCount: 1 }),
  }
  return db
}

const million = { space: { dimension: 384, distance: 'cosine' as const }, rows: 1_000_000, concurrent: true }

it('follows the server, unless more or less is asked for', async () => {
  const needed = buildBytes(million.space, million.rows)
  expect(needed).toBeGreaterThan(2 * gb)
  expect(needed).toBeLessThan(4 * gb)

  const small = await meansOf(server({ cache: 4 * gb }), million)
  expect(small).toMatchObject({ memoryBytes: 992 * mb, fits: false, processes: 3, neededBytes: needed })
  const large = await meansOf(server({ cache: 64 * gb }), million)
  expect(large).toMatchObject({ memoryBytes: needed, fits: true })
  expect(small.seconds).toBeGreaterThan(large.seconds * 2)
  const set = server({ cache: 4 * gb, maintenance: 8 * gb })
  expect(await meansOf(set, million)).toMatchObject({ memoryBytes: 8 * gb, fits: true })

  expect(await meansOf(server({ cache: 64 * gb }), million, { memory: 512 * mb })).toMatchObject({
    memoryBytes: 512 * mb,
    fits: false,
  })
  const little = { ...million, rows: 1_000 }
  expect(await meansOf(server({ cache: 4 * gb }), little)).toMatchObject({ memoryBytes: 64 * mb, fits: true })
})

it('is shared by as many processes as PostgreSQL allows, where that is safe', async () => {
  const processes = async (pgvector: string, limits = {}) =>
    (await meansOf(server({ cache: gb, pgvector }), million, limits)).processes
  expect(await processes('0.8.2')).toBe(3)
  expect(await processes('0.8.0')).toBe(1)
  expect(await processes('0.8.2', { helpers: 1 })).toBe(2)
  expect(await processes('0.8.2', { helpers: 8 })).toBe(3)
  expect(await processes('0.8.0', { helpers: 2 })).toBe(1)
  expect(await processes('0.8.2', { gentle: true })).toBe(1)
  const alone = { ...million, concurrent: false }
  expect(await meansOf(server({ cache: gb }), alone)).toMatchObject({ processes: 1 })
})

describeEngines('the memory of an index build', (engine) => {
  it('is what was allowed, and progress says when the index no longer fits', async () => {
    const db = await engine.connect()
    const layout = await setUp(db)
    const model = await addModel(db, spec('m', 32), 'current')
    const ids = await addTexts(db, 300, 10)
    const make = clusteredVectors(32, { seed: 5 })
    await bulkLoad(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: make() })),
    )
    const built = async (memory: number): Promise<ProgressEvent[]> => {
      const events: ProgressEvent[] = []
      await dropHnswIndex(db, model)
      await buildHnswIndex(db, model, { limits: { memory }, onProgress: (event) => events.push(event) })
      return events
    }
    const warnings = async (memory: number) =>
      (await built(memory)).flatMap((event) => (event.type === 'warning' ? [event.message] : []))
    expect(await warnings(mb)).toEqual([
      expect.stringMatching(
        /^The index of chunk_embeddings_model_1 no longer fits into the 1MB of its build after [\d,]+ of 3,000 vectors: .*needs about 3MB \(--build-memory/,
      ),
    ])
    expect(await warnings(16 * mb)).toEqual([])
    expect(await hnswIndexOf(db, model)).toMatchObject({ valid: true })
  })
})
