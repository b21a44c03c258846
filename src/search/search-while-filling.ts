import { type ErrorCode, isRevectorError } from '../core/errors.ts'
import { distancesInBoth, type OpenMove, openMoveFromCurrent } from '../store/both-spaces.ts'
import type { SearchResult, Serving } from '../wire/search.ts'
import type { SearchDeps } from './deps.ts'
import { atLeast } from './hits.ts'
import { noMemory } from './memory.ts'
import { mergeSpaces } from './merge-spaces.ts'
import { checkServedRequest, type ServedRequest } from './request.ts'
import { searchOne } from './search.ts'
import { searchSpace } from './search-space.ts'
import type { SpaceResult } from './space-request.ts'

/** Fewer pairs than this say too little about how one model's scores relate to the other's. */
export const leastPairs = 50

/**
 * A search while a migration fills its target. An answer of both models says how much of the corpus each has seen.
 * Whatever keeps the target from being asked (it went away, its provider is down, too few chunks have both vectors
 * to compare the scores by) is said in `serving.reason`, and the source answers alone: it has everything.
 *
 * @throws RevectorError as `search`; with `target`, MODEL_EMPTY while it has no vectors
 */
export async function searchWhileFilling(
  deps: SearchDeps,
  request: ServedRequest,
): Promise<SearchResult & { readonly serving: Serving }> {
  const began = performance.now()
  const { serve } = request
  const move = await openMoveFromCurrent(deps.db)
  if (move === null || serve === 'source') {
    const reason = move === null ? 'No migration away from the current model is open.' : null
    return oneModel(deps, request, { served: 'source', move, reason })
  }
  if (serve === 'target') {
    try {
      return await oneModel(deps, request, { served: 'target', move, reason: null })
    } catch (error) {
      const now = await openMoveFromCurrent(deps.db)
      if (now?.migrationId === move.migrationId) throw error
      // It ended a moment ago and may have taken its target with it.
      return searchWhileFilling(deps, request)
    }
  }
  const merged = await both(deps, request, move)
  if (typeof merged !== 'string') return { ...merged, tookMs: performance.now() - began }
  return oneModel(deps, request, { served: 'source', move, reason: merged })
}

interface OneModel {
  readonly served: 'source' | 'target'
  readonly move: OpenMove | null
  readonly reason: string | null
}

async function oneModel(
  deps: SearchDeps,
  request: ServedRequest,
  { served, move, reason }: OneModel,
): Promise<SearchResult & { readonly serving: Serving }> {
  const { topK, serve, ...asked } = checkServedRequest(request)
  const modelName = served === 'target' ? (move?.targetModel ?? null) : null
  const result = await searchOne(deps, { ...asked, modelName, k: topK })
  return {
    ...result,
    serving: { asked: serve, served, migrationId: move?.migrationId ?? null, samplePairs: null, reason },
  }
}

/** The merged answer, or the reason why there can be none. */
async function both(
  deps: SearchDeps,
  request: ServedRequest,
  move: OpenMove,
): Promise<(SearchResult & { readonly serving: Serving }) | string> {
  const { query, topK, minScore, filter, signal, serve, queryVectors } = checkServedRequest(request)
  const memory = deps.memory ?? noMemory()
  const ask = (modelName: string | null) =>
    searchSpace({ ...deps, memory }, { modelName, query, queryVectors, k: depthFor(topK), filter, signal })
  const asking = ask(move.targetModel).catch((error: unknown) => whyNot(error, move))
  const [source, target] = await Promise.all([ask(null), asking])
  if (typeof target === 'string') return target
  if (source.model.id !== move.sourceModelId || target.model.id !== move.targetModelId) {
    return 'The migration came to its end during the search.'
  }
  const pairs = await pairsOf(deps, { source, target, move })
  if (typeof pairs === 'string') return pairs
  const sampled = move.calibration.filter((id) => pairs.has(id)).length
  if (sampled < leastPairs) {
    return `Too few chunks of the calibration sample have vectors of both models: ${sampled}, at least ${leastPairs} are needed.`
  }
  const hits = mergeSpaces({ source, target, pairs, calibration: move.calibration }, topK)
  return {
    query,
    models: [source.model.modelName, target.model.modelName],
    aggregation: null,
    coverage: { [source.model.modelName]: source.coverage, [target.model.modelName]: target.coverage },
    hits: atLeast(hits, minScore),
    tookMs: 0,
    serving: {
      asked: serve,
      served: 'both',
      migrationId: move.migrationId,
      samplePairs: sampled,
      reason: null,
    },
  }
}

async function pairsOf(
  { db, layout }: SearchDeps,
  { source, target, move }: Found,
): Promise<Awaited<ReturnType<typeof distancesInBoth>> | string> {
  const chunkIds = [...new Set([...move.calibration, ...source.found.map((chunk) => chunk.chunkId)])]
  try {
    return await distancesInBoth(db, layout, { source, target, chunkIds })
  } catch (error) {
    return whyNot(error, move)
  }
}

interface Found {
  readonly source: SpaceResult
  readonly target: SpaceResult
  readonly move: OpenMove
}

/** Failures of the target that must not be the search's. */
const ofTheTarget = new Set<ErrorCode>([
  'MODEL_EMPTY',
  'MODEL_UNKNOWN',
  'VECTOR_COLUMN_MISSING',
  'EMBEDDING_DIMENSION_MISMATCH',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REFUSED',
  'PROVIDER_KEY_MISSING',
  'PROVIDER_KEY_WITHHELD',
  'PROVIDER_PACKAGE_MISSING',
  'PROVIDER_REPLY_INVALID',
  'RATE_LIMITED',
])

function whyNot(error: unknown, { targetModel }: OpenMove): string {
  if (!isRevectorError(error) || !ofTheTarget.has(error.code)) throw error
  return `"${targetModel}" could not be searched: ${error.message}`
}

/** Of either list: what stands further below in one can't come near the top of both. */
function depthFor(topK: number): number {
  return Math.min(1_000, Math.max(100, 4 * topK))
}
