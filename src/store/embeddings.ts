import type { ChunkId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { raw, sql } from '../postgres/sql.ts'
import { decodeVector, vectorArray } from '../postgres/vector.ts'
import { isOfApplication } from '../schema/attach/guards.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'
import { idArray, possibleIdArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hasCurrentVector, replacing, textHash } from './stale.ts'

/** One chunk's vector, on its way in or out. */
export interface ChunkVector {
  readonly chunkId: ChunkId
  readonly vector: Float32Array
  /** SHA-256 of the text that it was made of, in hex. Undefined: not known. */
  readonly textHash?: string
}

/**
 * Stores vectors of one model in one statement; a chunk that had a vector gets the new one. The chunks must
 * exist (a foreign key enforces it), with these texts: use `fillVectors` if they may have been deleted or changed meanwhile.
 *
 * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH before anything is sent, VECTOR_COLUMN_MISSING
 */
export async function putVectors(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  items: readonly ChunkVector[],
): Promise<number> {
  if (items.length === 0) return 0
  checkWidths(model, items)
  const column = vectorColumn(model.dimension)
  const { rowCount } = await explainingMissingColumn(model, () =>
    db.query(sql`
      insert into ${modelTable(model.id)} (chunk_id, model_id, ${column}, embedded_text_hash)
      select u.chunk_id, ${raw(String(model.id))}, u.embedding, decode(u.text_hash, 'hex')
      from unnest(
        ${idArray(
          layout.chunks.idType,
          items.map((item) => item.chunkId),
        )},
        ${vectorArray(items.map((item) => item.vector))}::${pgvector('vector')}[],
        ${items.map((item) => item.textHash ?? null)}::text[]
      ) as u (chunk_id, embedding, text_hash)
      on conflict (chunk_id, model_id) do update
        set ${column} = excluded.${column}, embedded_text_hash = excluded.embedded_text_hash, created_at = now()`),
  )
  return rowCount
}

/**
 * Stores vectors that were made outside a transaction: chunks deleted or given another text since are skipped, and a vector
 * stored since is kept, so a fill never undoes a newer write.
 *
 * @returns how many were stored
 * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH before anything is sent, VECTOR_COLUMN_MISSING
 */
export async function fillVectors(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  items: readonly ChunkVector[],
): Promise<number> {
  if (items.length === 0) return 0
  checkWidths(model, items)
  const c = chunkColumns(layout)
  const column = vectorColumn(model.dimension)
  // A trigger stores what is inserted into a view, and replaces what is there.
  const replaced = (await liesInPlace(db, layout, model))
    ? sql``
    : sql`on conflict (chunk_id, model_id) do update ${replacing(column)}`
  const { rowCount } = await explainingMissingColumn(model, () =>
    db.query(sql`
      insert into ${modelTable(model.id)} as e (chunk_id, model_id, ${column}, embedded_text_hash)
      select c.${c.id}, ${raw(String(model.id))}, u.embedding, decode(u.text_hash, 'hex')
      from unnest(
        ${idArray(
          c.idType,
          items.map((item) => item.chunkId),
        )},
        ${vectorArray(items.map((item) => item.vector))}::${pgvector('vector')}[],
        ${items.map((item) => item.textHash ?? null)}::text[]
      ) as u (chunk_id, embedding, text_hash)
      join ${c.table} c on c.${c.id} = u.chunk_id
      where u.text_hash is null or ${textHash(sql`c.${c.content}`)} = decode(u.text_hash, 'hex')
      for key share of c
      ${replaced}`),
  )
  return rowCount
}

/** Whether a model's vectors lie in an application's table until this transaction ends: a view of Revector shows them. */
async function liesInPlace(db: Queryable, { place }: Layout, { id }: StoredSpace): Promise<boolean> {
  if (place === undefined) return false
  await db.query(sql`select from embedding_models where id = ${id} for share`)
  return isOfApplication(db, id)
}

/**
 * Copies the vector of another chunk with the same text to chunks that lack one, so that no text is paid for
 * twice. Chunks deleted meanwhile are skipped, and a stale vector is never copied.
 *
 * @returns the chunks that have a vector now
 */
export async function copyVectorsOfSameContent(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<readonly ChunkId[]> {
  if (chunkIds.length === 0) return []
  const c = chunkColumns(layout)
  const column = vectorColumn(model.dimension)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string }>(sql`
      insert into ${modelTable(model.id)} as e (chunk_id, model_id, ${column}, embedded_text_hash)
      select c.${c.id}, ${raw(String(model.id))}, twin.embedding, ${textHash(sql`c.${c.content}`)}
      from ${c.table} c
      cross join lateral (
        select v.${column} as embedding
        from ${c.table} t
        join ${modelTable(model.id)} v on v.chunk_id = t.${c.id}
        where t.${c.contentHash} = c.${c.contentHash} and t.${c.content} = c.${c.content}
          and ${hasCurrentVector(model, 'v')}
          and coalesce(v.embedded_text_hash = ${textHash(sql`c.${c.content}`)}, true)
        limit 1
      ) twin
      where c.${c.id} = any(${idArray(c.idType, chunkIds)})
      order by c.${c.id}
      for key share of c
      on conflict (chunk_id, model_id) do update ${replacing(column)}
      returning chunk_id::text as id`),
  )
  return rows.map((row) => row.id)
}

/**
 * Which of these content hashes have a vector in the model: their text need not be embedded again. Looked up
 * one by one: as a join, on tables without statistics, PostgreSQL would read both tables completely for every
 * batch.
 */
export async function hashesWithVector(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  if (hashes.length === 0) return new Set()
  const c = chunkColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ hash: string }>(sql`
      select u.hash
      from unnest(${hashes}::text[]) as u (hash)
      where (
        select true from ${c.table} c
        join ${modelTable(model.id)} e on e.chunk_id = c.${c.id}
        where c.${c.contentHash} = u.hash and ${textHash(sql`c.${c.content}`)} = decode(u.hash, 'hex')
          and ${hasCurrentVector(model, 'e')} and coalesce(e.embedded_text_hash = decode(u.hash, 'hex'), true)
        limit 1
      )`),
  )
  return new Set(rows.map((row) => row.hash))
}

/** Reads vectors, bit for bit; chunks without one are left out. */
export async function readVectors(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<ReadonlyMap<ChunkId, Float32Array>> {
  const column = vectorColumn(model.dimension)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string; vector: Buffer }>(sql`
      select chunk_id::text as id, ${pgvector('vector_send')}(${column}) as vector
      from ${modelTable(model.id)}
      where chunk_id = any(${possibleIdArray(layout.chunks.idType, chunkIds)}) and ${column} is not null`),
  )
  return new Map(rows.map((row) => [row.id, decodeVector(row.vector)]))
}

function checkWidths(model: StoredSpace, items: readonly ChunkVector[]): void {
  for (const { chunkId, vector } of items) {
    if (!isUsable(model.dimension, vector)) refuseVector(model, vector, `of chunk ${chunkId}`)
  }
}

function isUsable(dimension: number, vector: Float32Array): boolean {
  // Of finite 32-bit numbers, the sum is finite; with NaN or an infinity among them, it is not.
  let sum = 0
  for (const value of vector) sum += value
  return vector.length === dimension && Number.isFinite(sum)
}

/**
 * A vector to compare with those of a model.
 *
 * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, INVALID_INPUT if it has a NaN or an infinity
 */
export function checkQueryVector(model: StoredSpace, vector: Float32Array): void {
  if (!isUsable(model.dimension, vector)) refuseVector(model, vector, 'to search with')
}

function refuseVector(model: StoredSpace, vector: Float32Array, which: string): never {
  const data = { model: model.modelName, expected: model.dimension, received: vector.length }
  if (vector.length === model.dimension) {
    throw new RevectorError('INVALID_INPUT', `The vector ${which} contains a number that is not finite.`, {
      hint: 'Check the program that made it.',
      data,
    })
  }
  throw new RevectorError(
    'EMBEDDING_DIMENSION_MISMATCH',
    `Embedding dimension mismatch: "${model.modelName}" has ${model.dimension}, the vector ${which} has ${vector.length}.`,
    {
      hint: 'Check which model made the vector, and the dimension the model is registered with (`revector models list`).',
      data,
    },
  )
}
