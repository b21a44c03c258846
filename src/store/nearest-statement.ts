import { parameter, raw, type Sql, sql } from '../postgres/sql.ts'
import { encodeVector } from '../postgres/vector.ts'
import { indexKind } from '../schema/index-kind.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import type { SearchFilter } from '../wire/search.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { documentsMatching } from './filter.ts'
import type { StoredSpace } from './missing-column.ts'
import { versionAndSnapshot } from './models.ts'
import { candidatesFor, efSearchFor, fewMatches, limitFor, type NearestTuning } from './nearest-tuning.ts'

export interface NearestRequest {
  readonly model: StoredSpace
  readonly vector: Float32Array
  /** 1 to 1,000. */
  readonly k: number
  readonly filter?: SearchFilter
  /** Whose version is read along: the model of this name, or (null) the current one. */
  readonly versionOf: string | null
  /** How many vectors the model is thought to have. It decides between ways of searching, not what is found. */
  readonly vectors: number
}

/**
 * How the nearest are found:
 * - `HNSW index`: in the order of the model's HNSW index;
 * - `further`: the same, going on where many of the first candidates were deleted;
 * - `scan`: every vector of the model is compared; chunks that vanished may take places;
 * - `complete`: every vector whose chunk is there and passes the filter is compared: never short;
 * - `filtered`: as few chunks pass the filter, those are compared; as many, the HNSW index is followed until
 *   enough of them have come by. Which, the statement finds out by itself.
 */
export type NearestPath = 'index' | 'further' | 'scan' | 'complete' | 'filtered'

/**
 * The whole search in one statement: the nearest, their texts, and what the caller needs to judge the answer
 * (which version of the model's row is valid, the snapshot, how many chunks pass the filter). Texts are
 * joined after the nearest are known, never before. Without a filter nothing found means no row at all.
 */
export function nearestStatement(
  layout: Layout,
  request: NearestRequest,
  path: NearestPath,
  tuning: NearestTuning,
): Sql {
  const search = sql`with ${candidates(layout, { ...request, tuning, query: queryOf(request) }, path)}`
  const about = sql`${versionAndSnapshot(request.versionOf)} as about`
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  // No casts: converting a value here costs more than in the client.
  const shown = sql`n.distance, c.${c.id} as "chunkId", c.${c.documentId} as "documentId", d.${d.title} as title,
      c.${c.content} as content, d.${d.metadata} as metadata, d.${d.source} as source,
      c.${c.headingPath} as "headingPath", c.${c.page} as page, c.${c.startOffset} as "startOffset",
      c.${c.endOffset} as "endOffset"`
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
      select ${about}, (select n from size) as matching, (select max(found) from few) as found
    ) seen
    left join (select ${shown} from ${nearest}) hits on true
    order by hits.distance, hits."chunkId"`
}

/**
 * The values of a statement without a filter, in the order of its parameters: its text is the same for every
 * search of a model that asks for about as many, and need not be put together again.
 */
export function nearestValues(request: NearestRequest): readonly unknown[] {
  const vector = encodeVector(request.vector)
  return request.versionOf === null ? [vector, request.k] : [vector, request.versionOf, request.k]
}

/** Equal for two requests whose statements without a filter have the same text. */
export function nearestKey(request: NearestRequest, path: NearestPath): string {
  const { id, dimension, distance } = request.model
  return `${id} ${dimension} ${distance} ${path} ${limitFor(request.k)} ${request.versionOf === null}`
}

/** Sent once, however often the statement mentions it. */
function queryOf({ vector }: NearestRequest): Sql {
  return sql`${parameter(encodeVector(vector))}::vector`
}

/** A request on its way to be written down. */
interface Search extends NearestRequest {
  readonly tuning: NearestTuning
  /** The vector, as the statement spells it. */
  readonly query: Sql
}

/** Common table expressions that end with `candidates (chunk_id, distance)`: at least k rows where there are. */
function candidates(layout: Layout, search: Search, path: NearestPath): Sql {
  const limit = raw(String(limitFor(search.k)))
  switch (path) {
    case 'index':
    case 'further':
      return sql`
    candidates as (${usesHnswIndex(search, dearToPlainScans(layout, search), path === 'further')})`
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
        left join ${d.table} d on d.${d.id} = c.${c.documentId}
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
  const bound = raw(String(fewMatches(search, search.tuning)))
  // `offset 0` is a fence. Postgres can't tell how many documents a condition on JSON or a part of a title
  // leaves: without it, it may scan all chunks, or all vectors, where a few look-ups would do.
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
    many as materialized (${usesHnswIndex(search, many, true)}),
    candidates as (
      select chunk_id, distance from few union all select chunk_id, distance from many
    )`
}

/**
 * The operator itself in ORDER BY, with a limit the planner knows: that is what the HNSW index is used for. The
 * settings are made by a condition that needs no row: it is evaluated once, before the HNSW index is entered,
 * and they end with the transaction, without a round trip of their own. An iterative scan goes on when the first
 * candidates were deleted or filtered away; a search that doesn't need it is a tenth faster without.
 */
function usesHnswIndex(search: Search, condition: Sql, iterative: boolean): Sql {
  const { model, query, tuning } = search
  const kind = indexKind(model)
  const column = sql`e.${vectorColumn(model.dimension)}`
  const limit = limitFor(search.k)
  const count = candidatesFor(kind.form, limit)
  const efSearch = efSearchFor(tuning, { form: kind.form, candidates: count })
  // The HNSW index's first pass brings no more than it keeps in view.
  const settings =
    iterative || count > efSearch
      ? `set_config('hnsw.ef_search', '${efSearch}', true)
            || set_config('hnsw.iterative_scan', 'relaxed_order', true)
            || set_config('hnsw.max_scan_tuples', '${tuning.maxScanTuples}', true)`
      : `set_config('hnsw.ef_search', '${efSearch}', true)`
  const taken = sql`
      select e.chunk_id, ${kind.exact(column, query)} as distance
      from ${modelTable(model.id)} e
      where (select ${raw(settings)}) is not null and ${condition}
      order by ${kind.approximate(column, query)}
      limit ${raw(String(count))}`
  if (!kind.rerank) return taken
  return sql`
      select chunk_id, distance
      from (${taken}) rough
      order by distance, chunk_id
      limit ${raw(String(limit))}`
}

/**
 * A condition that always holds and is never evaluated beyond its first half, which the table's CHECK promises.
 * But the planner counts what its second half would cost: for every row of a plain scan, and for few of an HNSW index.
 * Without it, wide vectors, which live outside of the table's own pages and so look cheap to read, are
 * compared one by one however many there are.
 */
function dearToPlainScans(layout: Layout, search: Search): Sql {
  const c = chunkColumns(layout)
  return sql`(
          e.model_id = ${raw(String(search.model.id))}
          or (select true from ${c.table} c where c.${c.id} = e.chunk_id)
        )`
}

/** The distance as an expression that no HNSW index offers: the planner has to compare every row. */
function comparedPlainly({ model, query }: Search): Sql {
  return sql`(${indexKind(model).exact(sql`e.${vectorColumn(model.dimension)}`, query)}) + 0`
}
