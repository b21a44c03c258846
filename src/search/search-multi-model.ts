import type { SearchResult } from '../wire/search.ts'
import type { SearchDeps } from './deps.ts'
import { fuse } from './fusion.ts'
import { atLeast } from './hits.ts'
import { noMemory } from './memory.ts'
import { checkMultiModelRequest, type MultiModelSearchRequest } from './request.ts'
import { searchSpace } from './search-space.ts'

/** How much of each model's list is read: lower ranks can't come near the top of a fused list. */
function depthFor(topK: number): number {
  return Math.min(1_000, Math.max(100, 4 * topK))
}

/**
 * Searches several models at once, each in its own space; see `fuse` for how their lists become one. `minScore`
 * applies to the fused list. "Found by every model" means: among each one's first 100 (or 4 × topK) chunks.
 *
 * @throws RevectorError as `search`; a failure of one model fails the whole search
 */
export async function searchMultiModel(
  deps: SearchDeps,
  request: Omit<MultiModelSearchRequest, 'explain'>,
): Promise<SearchResult> {
  const began = performance.now()
  const checked = checkMultiModelRequest(request)
  const { query, topK, filter, as, signal, modelNames, queryVectors, aggregation } = checked
  const memory = deps.memory ?? noMemory()
  const results = await Promise.all(
    modelNames.map((modelName) =>
      searchSpace(
        { ...deps, memory },
        { modelName, query, queryVector: queryVectors[modelName], k: depthFor(topK), filter, as, signal },
      ),
    ),
  )
  const fused = fuse(
    results.map(({ model, found }) => ({
      model: model.modelName,
      weight: deps.fusionWeights?.[model.modelName] ?? 1,
      items: found,
    })),
    aggregation,
  )
  const hits = fused.slice(0, topK).map(({ item, ...place }, i) => ({ ...item, ...place, rank: i + 1 }))
  return {
    query,
    models: modelNames,
    aggregation,
    coverage: Object.fromEntries(results.map(({ model, coverage }) => [model.modelName, coverage])),
    hits: atLeast(hits, checked.minScore),
    tookMs: performance.now() - began,
  }
}
