import type { Model, SearchResult } from '../../api/shapes.ts'
import { Columns } from './columns.tsx'
import { Fused } from './fused.tsx'
import { Plans } from './plans.tsx'
import { Served } from './serve.tsx'

/** The results of a search: a list per model, or one list of several models. */
export function Found({
  results,
  models,
  k,
  stale,
}: {
  results: readonly SearchResult[]
  models: readonly Model[]
  k: number
  stale: boolean
}) {
  const [only] = results
  const alone = results.length === 1 ? only : undefined
  return (
    <div class={stale ? 'stale' : undefined}>
      {alone?.serving !== undefined ? (
        <Served result={alone} serving={alone.serving} models={models} />
      ) : alone !== undefined && alone.models.length > 1 ? (
        <Fused result={alone} models={models} />
      ) : (
        <Columns results={results} models={models} k={k} />
      )}
      <Plans results={results} models={models} />
    </div>
  )
}
