import { pgvector } from '../postgres/pgvector.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import { isCopied } from '../schema/attach/copied.ts'
import { type IndexKind, indexKind } from '../schema/index-kind.ts'
import type { Layout, VectorPlace } from '../schema/layout.ts'
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
export function liesInPlace(layout: Layout, modelId: number): boolean {
  const vectors = vectorsOf(layout, modelId)
  return vectors !== null && !isCopied({ vectors })
}

function vectorsOf({ place, exposed }: Layout, modelId: number): VectorPlace | null {
  if (exposed?.modelId === modelId) return exposed.complete ? exposed.place.vectors : null
  return place !== undefined && (place.vectors.modelId ?? 1) === modelId ? place.vectors : null
}
