import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { explainingMissingColumn } from './missing-column.ts'
import { choosePath } from './nearest.ts'
import { type NearestPath, type NearestRequest, nearestStatement } from './nearest-statement.ts'
import { defaultTuning, type NearestTuning } from './nearest-tuning.ts'

export interface NearestPlan {
  readonly path: NearestPath
  /** Whether rows were read in the order of an HNSW index. */
  readonly usesHnswIndex: boolean
  /** The index that gave the order; null if none did. */
  readonly index: string | null
  /** PostgreSQL's report: EXPLAIN (ANALYZE, FORMAT JSON). */
  readonly plan: unknown
}

interface PlanNode {
  readonly 'Node Type'?: string
  readonly 'Index Name'?: string
  readonly 'Order By'?: string
  readonly 'Actual Loops'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Runs a search to get its plan. */
export async function explainNearest(
  db: Queryable,
  layout: Layout,
  request: NearestRequest,
  tuning: NearestTuning = defaultTuning,
): Promise<NearestPlan> {
  const path = choosePath(request, tuning)
  const { rows } = await explainingMissingColumn(request.model, () =>
    db.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(sql`
      explain (analyze, timing off, format json) ${nearestStatement(layout, request, path, tuning)}`),
  )
  const plan = rows[0]?.['QUERY PLAN']
  const index = plan === undefined ? null : orderingIndex(plan.map((whole) => whole.Plan))
  return { path, usesHnswIndex: index !== null, index, plan }
}

/** The first index in whose order rows were actually read. */
export function orderingIndex(nodes: readonly PlanNode[]): string | null {
  for (const node of nodes) {
    // A branch that was planned and not executed has no loops.
    if (node['Actual Loops'] === 0) continue
    if (node['Node Type'] === 'Index Scan' && node['Order By'] !== undefined)
      return node['Index Name'] ?? null
    const below = orderingIndex(node.Plans ?? [])
    if (below !== null) return below
  }
  return null
}
