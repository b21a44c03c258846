import type { SearchResult } from '../wire/search.ts'
import type { SearchDeps } from './deps.ts'
import { atLeast } from './hits.ts'
import { checkRequest, type SearchRequest } from './request.ts'
import { scoreOf } from './score.ts'
import { searchSpace } from './search-space.ts'
import type { SpaceRequest } from './space-request.ts'

/**
 * The chunks nearest to a query in one model's space, best first.
 *
 * @throws RevectorError INVALID_INPUT, MODEL_UNKNOWN, MODEL_EMPTY (chunks, but none with a vector of the model),
 *   VECTOR_COLUMN_MISSING, EMBEDDING_DIMENSION_MISMATCH, INTERRUPTED, and what the model throws
 */
export async function search(
  deps: SearchDeps,
  request: Omit<SearchRequest, 'serve' | 'queryVectors' | 'explain'>,
): Promise<SearchResult> {
  const { modelName, topK, ...asked } = checkRequest(request)
  return searchOne(deps, { ...asked, modelName: modelName ?? null, k: topK })
}

/** The same, of a request that has been checked. */
export async function searchOne(
  deps: SearchDeps,
  request: SpaceRequest & { readonly minScore?: number },
): Promise<SearchResult> {
  const began = performance.now()
  const { query, minScore } = request
  const { model, found, coverage } = await searchSpace(deps, request)
  const hits = found.map((chunk, i) => ({
    ...chunk,
    rank: i + 1,
    score: scoreOf(model.distance, chunk.distance),
    models: { [model.modelName]: { rank: i + 1, distance: chunk.distance } },
  }))
  return {
    query,
    models: [model.modelName],
    aggregation: null,
    coverage: { [model.modelName]: coverage },
    hits: atLeast(hits, minScore),
    tookMs: performance.now() - began,
  }
}
