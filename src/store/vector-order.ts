import { pgvector } from '../postgres/pgvector.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import { isCopied } from '../schema/attach/copied.ts'
import { type IndexKind, indexKind } from '../schema/index-kind.ts'
import type { Layout, VectorPlace } from '../schema/layout.ts'
import { chunkColumns } from './columns.ts'
import type { StoredSpace } from './missing-column.ts'

/**
 * How a model's vectors are indexed: by an index of Revector's, or by an application's, which may be on `halfvec`, on bits, or by
 * another distance. What that gives is coarse, and ordered by the model's own distance afterwards.
 */
export function orderOf(layout: Layout, model: StoredSpace): IndexKind {
  const vectors = vectorsOf(layout, model.id)
  const own = indexKind(model)
  if (vectors === null) return own
  const halved = vectors.type === 'halfvec(N)'
  if (!halved && vectors.indexed === undefined) return own
  const { form, distance } = vectors.indexed ?? { form: 'halfvec', distance: model.distance }
  const kind = indexKind({ ...model, distance }, form)
  if (!halved) return { ...kind, exact: own.exact, rerank: true }
  const half = pgvector(`halfvec(${model.dimension})`)
  // The view shows the column itself as `stored`.
  const approximate = (_column: Sql, query: Sql): Sql =>
    form === 'bit' ? kind.approximate(raw('e.stored'), query) : indexOrder(kind, sql`${query}::${half}`)
  return { ...kind, approximate, exact: own.exact, rerank: true }
}

function indexOrder(kind: IndexKind, query: Sql): Sql {
  return kind.exact(raw('e.stored'), query)
}

/** Whether a view shows them. */
function liesInPlace(layout: Layout, modelId: number): boolean {
  const vectors = vectorsOf(layout, modelId)
  return vectors !== null && !isCopied({ vectors })
}

function vectorsOf({ place, exposed }: Layout, modelId: number): VectorPlace | null {
  if (exposed?.modelId === modelId) return exposed.complete ? exposed.place.vectors : null
  return place !== undefined && (place.vectors.modelId ?? 1) === modelId ? place.vectors : null
}

/**
 * A condition that is always true and never evaluated beyond its first half, which the table's CHECK
 * guarantees. But the planner counts the cost of its second half: for every row of a plain scan, and for few
 * rows of an HNSW index. Without it, wide vectors, which are stored outside the table's own pages and so look
 * cheap to read, are compared one by one, however many there are.
 */
export function expensiveForPlainScans(layout: Layout, { id }: StoredSpace): Sql {
  const c = chunkColumns(layout)
  // The number of a view is a constant, which the planner would resolve with all that follows.
  const always = liesInPlace(layout, id) ? sql`e.chunk_id = e.chunk_id` : sql`e.model_id = ${raw(String(id))}`
  return sql`(
          ${always}
          or (select true from ${c.table} c where c.${c.id} = e.chunk_id)
        )`
}
