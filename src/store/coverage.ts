import type { ChunkId, DocumentId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { join, raw, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { modelTableName } from '../schema/names.ts'
import type { Model } from '../wire/model.ts'
import type { SearchFilter } from '../wire/search.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { documentsMatching, isNarrowing } from './filter.ts'
import { idValue, isId } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { recordedLacking } from './models.ts'
import { countStaleOf, hasCurrentVector, pays } from './stale.ts'

/** Chunks, and how many of them have a vector in a model that is not stale. */
export interface Counts {
  readonly chunks: number
  readonly vectors: number
}

export interface CountedAt extends Counts {
  /** `pg_current_snapshot()` of the count: while it stays the same, so do the counts. */
  readonly snapshot: string
  /** Chunks that were recorded as lacking then; see `recordedLacking`. */
  readonly recorded: number
}

/** `vectors / chunks`, at most 1; 1 if there are no chunks. */
export function coverageOf(counts: Counts): number {
  return counts.chunks === 0 ? 1 : Math.min(1, counts.vectors / counts.chunks)
}

/**
 * Rows of a model's table that hold a vector. Only an adopted table may hold NULLs; for the others the second
 * count is not run, and the first needs only an index.
 */
function vectorsIn(model: StoredSpace): Sql {
  const table = modelTable(model.id)
  return sql`(select count(*) from ${table}) - (
      select count(*) from ${table}
      where (
        select not a.attnotnull from pg_attribute a
        where a.attrelid = ${modelTableName(model.id)}::regclass
          and a.attname = ${`embedding_${model.dimension}`}
      ) and ${vectorColumn(model.dimension)} is null
    )`
}

/** Looks only for the first one. */
export async function hasAnyVector(db: Queryable, model: StoredSpace): Promise<boolean> {
  const { rows } = await explainingMissingColumn(model, () =>
    db.query(sql`
      select from ${modelTable(model.id)} where ${vectorColumn(model.dimension)} is not null limit 1`),
  )
  return rows.length > 0
}

/** Up to this many chunks are counted in a few ms, so at every search while there are writes. */
export const cheapRows = 20_000

/** Counts the whole corpus. Takes time in proportion to it: some 10 ms for 100,000 chunks. */
export async function countVectors(db: Queryable, layout: Layout, model: StoredSpace): Promise<CountedAt> {
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ snapshot: string; chunks: string; vectors: string; recorded: string }>(sql`
      select pg_current_snapshot()::text as snapshot,
        ${recordedLacking(raw(String(model.id)))} as recorded,
        (select count(*) from ${chunkColumns(layout).table}) as chunks,
        ${vectorsIn(model)} - ${countStaleOf(model)} as vectors`),
  )
  const [row] = rows
  return {
    snapshot: row?.snapshot ?? '',
    chunks: Number(row?.chunks ?? 0),
    vectors: Number(row?.vectors ?? 0),
    recorded: Number(row?.recorded ?? 0),
  }
}

/** PostgreSQL's own estimates, which its statistics hold: 0 where there are none. Takes no time. */
export async function estimateCounts(db: Queryable, layout: Layout, model: StoredSpace): Promise<Counts> {
  const { schema, name } = layout.chunks.table
  const { rows } = await db.query<Counts>(sql`
    select
      coalesce((
        select greatest(0, c.reltuples) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${schema} and c.relname = ${name}
      ), 0)::float8 as chunks,
      coalesce((
        select greatest(0, reltuples) from pg_class where oid = to_regclass(${modelTableName(model.id)})
      ), 0)::float8 as vectors`)
  return rows[0] ?? { chunks: 0, vectors: 0 }
}

/**
 * Counts the chunks that a filter lets a search see; `recorded` as in `CountedAt`, of the whole corpus. With `limited`, only
 * what row level security shows is counted, and nothing of others is read.
 */
export async function countMatching(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  filter: SearchFilter,
  { limited = false }: { readonly limited?: boolean } = {},
): Promise<Omit<CountedAt, 'snapshot'>> {
  if (!isNarrowing(filter) && !limited) return countVectors(db, layout, model)
  const recorded = limited ? sql`0` : recordedLacking(raw(String(model.id)))
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ chunks: string; vectors: string; recorded: string }>(sql`
      select count(*) as chunks, count(e.chunk_id) as vectors, ${recorded} as recorded
      from ${d.table} d
      join ${c.table} c on c.${c.documentId} = d.${d.id}
      left join ${modelTable(model.id)} e
        on e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
      where ${documentsMatching(layout, filter)}`),
  )
  const [row] = rows
  return {
    chunks: Number(row?.chunks ?? 0),
    vectors: Number(row?.vectors ?? 0),
    recorded: Number(row?.recorded ?? 0),
  }
}

/** Vectors of each model, in one statement; a model without a table has none. */
export async function countVectorsOfModels(
  db: Queryable,
  models: readonly Model[],
): Promise<ReadonlyMap<number, number>> {
  const { rows: tables } = await db.query<{ id: number }>(sql`
    select id from embedding_models
    where to_regclass('chunk_embeddings_model_' || id) is not null`)
  const present = new Set(tables.map((row) => row.id))
  const counted = models.filter((model) => present.has(model.id))
  if (counted.length === 0) return new Map(models.map((model) => [model.id, 0]))
  const { rows } = await db.query<{ id: number; vectors: string }>(
    join(
      counted.map((model) => sql`select ${raw(String(model.id))} as id, ${vectorsIn(model)} as vectors`),
      ' union all ',
    ),
  )
  const counts = new Map(rows.map((row) => [row.id, Number(row.vectors)]))
  return new Map(models.map((model) => [model.id, counts.get(model.id) ?? 0]))
}

/** A document's chunks, and how many of them each model has; null if there is no such document. */
export async function countDocumentVectors(
  db: Queryable,
  layout: Layout,
  documentId: DocumentId,
): Promise<{ readonly chunks: number; readonly vectors: ReadonlyMap<number, number> } | null> {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  if (!isId(d.idType, documentId)) return null
  // One by one: an application's vectors are a view, which is not below the common parent.
  const { rows: models } = await db.query<{ id: number; dimension: number }>(sql`
    select id, dimension from embedding_models
    where to_regclass('chunk_embeddings_model_' || id) is not null order by id`)
  const counts = models.map(
    ({ id, dimension }) => sql`
    union all
    select ${raw(String(id))}, 0, count(*)
    from mine join ${modelTable(id)} e on e.chunk_id = mine.id
    where e.${vectorColumn(dimension)} is not null and not exists (
        select from pending_chunks p
        where p.model_id = ${raw(String(id))} and p.chunk_id = e.chunk_id and not coalesce(${pays('p', 'e')}, false)
      )`,
  )
  const { rows } = await db.query<{ model_id: number | null; chunks: string; vectors: string }>(sql`
    with mine as materialized (
      select c.${c.id} as id
      from ${d.table} d left join ${c.table} c on c.${c.documentId} = d.${d.id}
      where d.${d.id} = ${idValue(d.idType, documentId)}
    )
    select null::int as model_id, count(id) as chunks, 0 as vectors from mine having count(*) > 0${join(counts, '')}`)
  const whole = rows.find((row) => row.model_id === null)
  if (whole === undefined) return null
  const vectors = rows.flatMap((row) =>
    row.model_id === null || Number(row.vectors) === 0 ? [] : [[row.model_id, Number(row.vectors)] as const],
  )
  return { chunks: Number(whole.chunks), vectors: new Map(vectors) }
}

/** A chunk that a model lacks. */
export interface MissingChunk {
  readonly id: ChunkId
  readonly content: string
  readonly contentHash: string | null
}

/**
 * Chunks without a vector in the model, in the order of their ids, `limit` at a time: pass the last id of a
 * batch as `after` of the next. Chunks without text are skipped.
 */
export async function missingChunks(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  page: { readonly limit: number; readonly after?: ChunkId; readonly documentId?: DocumentId },
): Promise<readonly MissingChunk[]> {
  const c = chunkColumns(layout)
  const { after, documentId } = page
  const { idType } = layout.documents
  if (documentId !== undefined && !isId(idType, documentId)) return []
  const begin = after === undefined ? sql`true` : sql`c.${c.id} > ${idValue(c.idType, after)}`
  const within =
    documentId === undefined ? sql`true` : sql`c.${c.documentId} = ${idValue(idType, documentId)}`
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string; content: string; hash: string | null }>(sql`
      select c.${c.id}::text as id, c.${c.content} as content, c.${c.contentHash} as hash
      from ${c.table} c
      where ${begin} and ${within} and c.${c.content} <> ''
        and not exists (
          select from ${modelTable(model.id)} e
          where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
        )
      order by c.${c.id}
      limit ${page.limit}`),
  )
  return rows.map((row) => ({ id: row.id, content: row.content, contentHash: row.hash }))
}

export async function countMissing(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  documentId?: DocumentId,
): Promise<number> {
  const c = chunkColumns(layout)
  const { idType } = layout.documents
  if (documentId !== undefined && !isId(idType, documentId)) return 0
  const within =
    documentId === undefined ? sql`true` : sql`c.${c.documentId} = ${idValue(idType, documentId)}`
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ count: string }>(sql`
      select count(*) as count
      from ${c.table} c
      where ${within} and c.${c.content} <> '' and not exists (
        select from ${modelTable(model.id)} e
        where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
      )`),
  )
  return Number(rows[0]?.count ?? 0)
}
