import { pgvector } from '../postgres/pgvector.ts'
import { parameter, raw, type Sql, sql } from '../postgres/sql.ts'
import { encodeVector } from '../postgres/vector.ts'
import { type IndexKind, indexKind } from '../schema/index-kind.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import type { SearchFilter } from '../wire/search.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { cheapRows } from './coverage.ts'
import { documentsMatching, isNarrowing } from './filter.ts'
import type { StoredSpace } from './missing-column.ts'
import { versionAndSnapshot } from './models.ts'
import {
  candidatesFor,
  efSearchFor,
  fewMatches,
  filterSurplusFor,
  limitFor,
  type NearestTuning,
} from './nearest-tuning.ts'
import { expensiveForPlainScans, orderOf } from './vector-order.ts'

export interface NearestRequest {
  readonly model: StoredSpace
  readonly vector: Float32Array
  /** 1 to 1,000. */
  readonly k: number
  readonly filter?: SearchFilter
  /** The model whose version is also read: by name, or (null) the current one. */
  readonly versionOf: string | null
  /** The assumed number of the model's vectors. It decides how to search, not what is found. */
  readonly vectors: number
  /** Row level security may hide documents and chunks, but no vectors: only those of documents that are seen are compared. */
  readonly limited?: boolean
}

/** Whether some documents are left out. */
export function isLimited({ filter, limited }: Pick<NearestRequest, 'filter' | 'limited'>): boolean {
  return limited === true || isNarrowing(filter)
}

/**
 * How the nearest are found:
 * - `HNSW index`: in the order of the model's HNSW index;
 * - `further`: the same, with an iterative scan, because many of the first candidates were deleted;
 * - `scan`: every vector of the model is compared; deleted chunks may take places;
 * - `complete`: every vector whose chunk exists and passes the filter is compared: never too few;
 * - `filtered`: if few chunks pass the filter, those are compared; if many, the HNSW index is scanned until
 * enough of them have been found. The statement decides which.
 */
export type NearestPath = 'index' | 'further' | 'scan' | 'complete' | 'filtered'

/**
 * The whole search in one statement: the nearest, their texts, and what the caller needs to judge the result
 * (the version of the model's row, the snapshot, how many chunks pass the filter). Texts are joined after the
 * nearest are known, never before. Without a filter, an empty result has no row at all.
 */
export function nearestStatement(
  layout: Layout,
  request: NearestRequest,
  path: NearestPath,
  tuning: NearestTuning,
): Sql {
  const search = sql`with ${candidates(layout, { ...request, tuning, kind: orderOf(layout, request.model), query: queryOf(request) }, path)}`
  const about = sql`${versionAndSnapshot(request.versionOf, { lacking: isLarge(request) && request.limited !== true })} as about`
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  // No casts: converting a value here costs more than in the client.
  const shown = sql`n.distance, c.${c.id} as "chunkId", c.${c.documentId} as "documentId", d.${d.title} as title,
      c.${c.content} as content, d.${d.metadata} as metadata, d.${d.source} as source,
      c.${c.headingPath} as "headingPath", c.${c.page} as page, c.${c.startOffset} as "startOffset",
      c.${c.endOffset} as "endOffset", d.${d.updatedAt}::timestamptz as "updatedAt"`
  const nearest = sql`(
      select chunk_id, distance from candidates order by distance, chunk_id limit ${request.k}
    ) n
    join ${c.table} c on c.${c.id} = n.chunk_id
    left join ${d.table} d on d.${d.id} = c.${c.documentId}`
  if (path !== 'filtered') {
    return sql`${search}
    select ${about}, ${shown}
    from ${nearest}
    order by n.distance, n.chunk_id`
  }
  return sql`${search}
    select seen.*, hits.*
    from (
      select ${about}, (select n from size) as matching, (select max(found) from few) as found,
        (select count(*) from many) as taken
    ) seen
    left join (select ${shown} from ${nearest}) hits on true
    order by hits.distance, hits."chunkId"`
}

/**
 * The values of a statement without a filter, in the order of its parameters: its text is the same for every
 * search of a model with a similar k, and is cached.
 */
export function nearestValues(request: NearestRequest): readonly unknown[] {
  const vector = encodeVector(request.vector)
  return request.versionOf === null ? [vector, request.k] : [vector, request.versionOf, request.k]
}

/** Equal for two requests whose statements without a filter have the same text. */
export function nearestKey(request: NearestRequest, path: NearestPath): string {
  const { id, dimension, distance, effort } = request.model
  return `${id} ${dimension} ${distance} ${effort?.efSearch ?? ''} ${path} ${limitFor(request.k)} ${request.versionOf === null} ${isLarge(request)}`
}

/** Too large to be counted at every search: it also reads what is known to be lacking. */
function isLarge({ vectors }: NearestRequest): boolean {
  return vectors > cheapRows
}

/** Sent once, however often the statement uses it. */
function queryOf({ vector }: NearestRequest): Sql {
  return sql`${parameter(encodeVector(vector))}::${pgvector('vector')}`
}

/** A request with what its statement needs. */
interface Search extends NearestRequest {
  readonly tuning: NearestTuning
  readonly kind: IndexKind
  /** The vector, as the statement spells it. */
  readonly query: Sql
}

/**
 * Common table expressions that end with `candidates (chunk_id, distance)`: at least k rows if there are that
 * many.
 */
function candidates(layout: Layout, search: Search, path: NearestPath): Sql {
  const limit = raw(String(limitFor(search.k)))
  switch (path) {
    case 'index':
    case 'further':
      return sql`
    candidates as (${usesHnswIndex(search, { condition: expensiveForPlainScans(layout, search.model), iterative: path === 'further' })})`
    case 'scan':
      return sql`
    candidates as (
      select chunk_id, distance
      from (
        select e.chunk_id, ${comparedPlainly(search)} as distance
        from ${modelTable(search.model.id)} e
        where e.${vectorColumn(search.model.dimension)} is not null
      ) compared
      order by distance, chunk_id
      limit ${limit}
    )`
    case 'complete':
      return complete(layout, search, limit)
    case 'filtered':
      return filtered(layout, search, limit)
  }
}

function complete(layout: Layout, search: Search, limit: Sql): Sql {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  return sql`
    candidates as (
      select chunk_id, distance
      from (
        select e.chunk_id, ${comparedPlainly(search)} as distance
        from ${modelTable(search.model.id)} e
        join ${c.table} c on c.${c.id} = e.chunk_id
        ${raw(search.limited === true ? 'join' : 'left join')} ${d.table} d on d.${d.id} = c.${c.documentId}
        where e.${vectorColumn(search.model.dimension)} is not null
          and ${documentsMatching(layout, search.filter)}
      ) compared
      order by distance, chunk_id
      limit ${limit}
    )`
}

function filtered(layout: Layout, search: Search, limit: Sql): Sql {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  const matches = documentsMatching(layout, search.filter)
  const bound = raw(String(boundOf(search, search.tuning)))
  const surplus = filterSurplusFor(search.tuning, search.model)
  // `offset 0` is an optimisation fence. PostgreSQL can't estimate how many documents a condition on JSON or on
  // part of a title leaves: without it, it may scan all chunks or vectors where a few look-ups would do.
  const few = sql`
    few as materialized (
      select chunk_id, distance, count(*) over () as found
      from (
        select e.chunk_id, e.distance
        from matching m
        cross join lateral (
          select e.chunk_id, ${comparedPlainly(search)} as distance
          from ${modelTable(search.model.id)} e
          where e.chunk_id = m.id and e.${vectorColumn(search.model.dimension)} is not null
          offset 0
        ) e
        where (select n from size) <= ${bound}
      ) compared
      order by distance, chunk_id
      limit ${limit}
    )`
  // A scalar subquery and not EXISTS: it can't become a join, which would lose the HNSW index's order.
  const many = sql`(select n from size) > ${bound} and (
          select ${matches}
          from ${c.table} c
          join ${d.table} d on d.${d.id} = c.${c.documentId}
          where c.${c.id} = e.chunk_id
        )`
  return sql`
    matching as materialized (
      select c.id
      from (
        select d.${d.id} as id from ${d.table} d where ${matches} offset 0
      ) d
      cross join lateral (
        select c.${c.id} as id from ${c.table} c where c.${c.documentId} = d.id offset 0
      ) c
      limit ${bound} + 1
    ),
    size as materialized (
      select count(*) as n from matching
    ),
    ${few},
    many as materialized (${usesHnswIndex(search, { condition: many, iterative: true, surplus })}),
    candidates as (
      select chunk_id, distance from few union all select chunk_id, distance from many
    )`
}

/** Up to this many that pass its filter are compared one by one. */
export function boundOf(request: NearestRequest, tuning: NearestTuning): number {
  const { k, vectors } = request
  return fewMatches({ k, vectors, rows: rowsOfScan(request, tuning) }, tuning)
}

/** Rows that a filtered search gets from the HNSW index, unless the index runs out of them before. */
export function rowsOfFilteredScan(request: NearestRequest, tuning: NearestTuning): number {
  return Math.min(rowsOfScan(request, tuning), boundOf(request, tuning))
}

function rowsOfScan(request: NearestRequest, tuning: NearestTuning): number {
  const limit = limitFor(request.k)
  return indexKind(request.model).rerank ? limit : limit + filterSurplusFor(tuning, request.model)
}

interface HnswScan {
  readonly condition: Sql
  /** Whether to go on where the first candidates were deleted or filtered out. */
  readonly iterative: boolean
  /** Rows to take beyond those asked for. */
  readonly surplus?: number
}

/**
 * The operator itself in ORDER BY, with a limit the planner knows: only then is the HNSW index used. A
 * condition that refers to no row makes the settings: it is evaluated once, before the HNSW index is entered,
 * and they end with the transaction, without a round trip of their own. An iterative scan continues if the
 * first candidates were deleted or filtered out; a search that doesn't need it is a tenth faster without.
 */
function usesHnswIndex(search: Search, { condition, iterative, surplus = 0 }: HnswScan): Sql {
  const { model, query, tuning, kind } = search
  const column = sql`e.${vectorColumn(model.dimension)}`
  const limit = limitFor(search.k)
  const count = candidatesFor(kind.form, limit) + surplus
  const efSearch = efSearchFor(tuning, model, candidatesFor(kind.form, limit))
  // The first pass of the HNSW index returns no more candidates than it keeps in view.
  const settings =
    iterative || count > efSearch
      ? `set_config('hnsw.ef_search', '${efSearch}', true)
            || set_config('hnsw.iterative_scan', 'relaxed_order', true)
            || set_config('hnsw.max_scan_tuples', '${tuning.maxScanTuples}', true)`
      : `set_config('hnsw.ef_search', '${efSearch}', true)`
  // In relaxed order rows come nearly sorted, but the planner takes the index's word and leaves out the sorts above, also
  // beyond a materialized CTE (since PostgreSQL 17): an expression that the index does not have makes it sort.
  const distance = iterative ? sql`(${kind.exact(column, query)}) + 0` : kind.exact(column, query)
  const taken = sql`
      select e.chunk_id, ${distance} as distance
      from ${modelTable(model.id)} e
      where (select ${raw(settings)}) is not null and ${condition}
      order by ${kind.approximate(column, query)}
      limit ${raw(String(count))}`
  if (!kind.rerank) return taken
  return sql`
      select chunk_id, distance
      from (${taken}) rough
      order by distance, chunk_id
      limit ${raw(String(indexKind(model).rerank ? limit : limit + surplus))}`
}

/** The distance as an expression that no HNSW index provides: the planner has to compare every row. */
function comparedPlainly({ model, query }: Search): Sql {
  return sql`(${indexKind(model).exact(sql`e.${vectorColumn(model.dimension)}`, query)}) + 0`
}
