import { post } from '../../api/request.ts'
import type { SearchRequest, SearchResult } from '../../api/shapes.ts'
import { counted } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'

/** How the lists of several models are shown. */
export type Way = 'side' | 'union' | 'intersection'
export type Serve = NonNullable<SearchRequest['serve']>

export interface SearchChoice {
  readonly chosen: readonly string[]
  readonly way: Way
  /** While a migration fills its target: which model answers, instead of chosen models. */
  readonly serve: Serve | null
}

/** One result per list shown. */
export async function ask(
  request: SearchRequest,
  { chosen, way, serve }: SearchChoice,
  signal: AbortSignal,
): Promise<readonly SearchResult[]> {
  const bodies: readonly SearchRequest[] =
    serve !== null
      ? [{ ...request, serve }]
      : way === 'side' || chosen.length < 2
        ? chosen.map((model) => ({ ...request, model }))
        : [{ ...request, models: [...chosen], aggregation: way }]
  const results = await Promise.all(bodies.map((body) => post<SearchResult>('/api/v1/search', body, signal)))
  const passages = results.reduce((sum, result) => sum + result.hits.length, 0)
  announce(`${counted(passages, 'passage')} found.`)
  return results
}
