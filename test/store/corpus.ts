import type { ModelState } from '../../src/core/model.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex } from '../../src/schema/hnsw-index.ts'
import { type Layout, loadLayout } from '../../src/schema/layout.ts'
import { createModelTable } from '../../src/schema/model-table.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { putVectors } from '../../src/store/embeddings.ts'
import { insertModel } from '../../src/store/models.ts'
import type { Model, ModelSpec } from '../../src/wire/model.ts'

export function spec(modelName: string, dimension: number, more: Partial<ModelSpec> = {}): ModelSpec {
  return {
    modelName,
    dimension,
    provider: 'lexical-hash',
    remoteName: modelName,
    revision: '',
    pooling: '',
    normalize: true,
    documentPrefix: '',
    queryPrefix: '',
    distance: 'cosine',
    baseUrl: null,
    ...more,
  }
}

/** A model with its table, ready to be written. */
export async function addModel(
  db: Database,
  modelSpec: ModelSpec,
  state: ModelState = 'registered',
): Promise<Model> {
  return db.transaction(async (tx) => {
    const { model } = await insertModel(tx, modelSpec, state)
    await createModelTable(tx, model)
    return model
  })
}

/** An empty database of our own. */
export async function setUp(db: Database): Promise<Layout> {
  await runRevisions(db)
  return loadLayout(db)
}

/**
 * Documents "Title 1", "Title 2", … of `chunksEach` chunks, without going through ingest; ids count from 1. Nothing is recorded
 * as pending.
 */
export async function addTexts(db: Database, documents: number, chunksEach: number): Promise<string[]> {
  await db.query(sql`
    insert into documents (title, source, content, content_hash, metadata, created_at)
    select 'Title ' || i, 'source/' || i, '', 'hash', jsonb_build_object('number', i, 'even', i % 2 = 0),
      timestamptz '2026-01-01' + i * interval '1 day'
    from generate_series(1, ${documents}::int) as i`)
  return db.transaction(
    async (tx) => {
      const { rows } = await tx.query<{ id: string }>(sql`
    insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, heading_path, token_count)
    select d.id, p, 'Text ' || p || ' of ' || d.title, md5(d.id || ' ' || p), p, p + 1, array['A', 'B'], 3
    from documents d cross join generate_series(0, ${chunksEach}::int - 1) as p
    order by d.id, p
    returning id::text as id`)
      return rows.map((row) => row.id)
    },
    { writesChunks: true },
  )
}

/** Writes vectors the way a bulk load does: rows first, then one HNSW index, then statistics. */
export async function bulkLoad(
  db: Database,
  layout: Layout,
  model: Model,
  items: readonly { readonly chunkId: string; readonly vector: Float32Array }[],
): Promise<void> {
  await dropHnswIndex(db, model)
  const batch = Math.max(1, Math.floor(500_000 / model.dimension))
  for (let i = 0; i < items.length; i += batch) {
    await putVectors(db, layout, model, items.slice(i, i + batch))
  }
  await buildHnswIndex(db, model)
  await db.query(sql`analyze`)
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Points around centres, as texts about some subjects are: unit length, `spread` relative to the centres' own. */
export function clusteredVectors(
  dimension: number,
  options: { readonly seed: number; readonly clusters?: number; readonly spread?: number },
): () => Float32Array {
  const { clusters = 20, spread = 0.5 } = options
  const random = randomFrom(options.seed)
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const centres = Array.from({ length: clusters }, () => Float32Array.from({ length: dimension }, gaussian))
  return () => {
    const centre = centres[Math.floor(random() * clusters)]
    return unit(Float32Array.from({ length: dimension }, (_, i) => (centre?.[i] ?? 0) + spread * gaussian()))
  }
}

export function unit(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  const length = Math.sqrt(sum)
  return vector.map((value) => value / length)
}
