import { throwIfAborted } from '../core/errors.ts'
import type { Effort } from '../wire/model.ts'
import type { SearchFilter } from '../wire/search.ts'
import type { StoreDeps } from './deps.ts'
import { documentsByHash } from './documents.ts'
import { readVectors } from './embeddings.ts'
import type { StoredSpace } from './missing-column.ts'
import { findNearest } from './nearest.ts'
import { defaultTuning, efSearchLimit, leastEfSearch, type NearestTuning } from './nearest-tuning.ts'
import { type Asked, leastReaching, type Recall, recallOf, type Tried } from './recall.ts'
import { sampleEmbedded } from './verification.ts'

/** Recall is measured at this many. */
export const nearestWanted = 10
/** pgvector's own default: less saves hardly any time. */
const leastEffort = 40
const leastSurplus = 20
/** The recall of fewer queries would be mostly chance. */
const fewestQueries = 20
/** For all comparisons with every vector: enough for 200 queries of a million vectors of 384 numbers, and as many filtered. */
export const exactBudgetMs = 240_000
/** The filter of a calibration leaves one document of this many. */
const filterShare = 10
const mostFiltered = 10_000

export interface RecallDeps extends StoreDeps {
  readonly tuning?: NearestTuning
}

export interface CalibrateRequest {
  readonly model: StoredSpace
  /** Its vectors: more than are compared one by one. */
  readonly vectors: number
  readonly wanted: number
  /** Most chunks to ask with. */
  readonly queries: number
  /** Most time for all comparisons with every vector; at least 20 are made. */
  readonly budgetMs: number
  readonly signal?: AbortSignal
}

export interface Calibration {
  /** The least that reaches what is wanted; where nothing does, the least that is no worse than the most. */
  readonly effort: Effort
  readonly reached: boolean
  readonly tried: readonly Tried[]
  readonly filtered: { readonly reached: boolean; readonly tried: readonly Tried[] } | null
}

/**
 * Measures how hard searches of a model's HNSW index must look. Chunks of the corpus stand in for queries, each without
 * itself among its neighbours: there are no stored queries. Its true neighbours are found once by comparing every
 * vector; then efforts are tried. The same behind a filter that leaves a tenth of the documents, unless so few chunks
 * pass that they are compared one by one. Writes nothing.
 */
export async function calibrate(deps: RecallDeps, request: CalibrateRequest): Promise<Calibration> {
  const { model, vectors, wanted } = request
  const questions = await questionsOf(deps, request)
  const plain = await leastReaching(wanted, { least: leastEffort, most: efSearchLimit }, (efSearch) =>
    ask(deps, { ...request, model: withEffort(model, { efSearch }) }, questions),
  )
  const chosen = withEffort(model, { efSearch: plain.value })
  const filtered = await calibrateFilter(deps, { ...request, model: chosen }, questions)
  const best = plain.tried.find(({ value }) => value === plain.value)
  return {
    effort: {
      efSearch: plain.value,
      filterSurplus: filtered?.value ?? null,
      wanted,
      recall: best?.recall ?? 1,
      interval: [...(best?.interval ?? [0, 1])],
      filteredRecall: filtered?.tried.find(({ value }) => value === filtered.value)?.recall ?? null,
      queries: questions.length,
      vectors,
      measuredAt: new Date().toISOString(),
    },
    reached: plain.reached,
    tried: plain.tried,
    filtered,
  }
}

/** The recall of searches as they are, without trying other efforts. */
export async function measureRecall(
  deps: RecallDeps,
  request: Omit<CalibrateRequest, 'wanted'>,
): Promise<Recall & { readonly efSearch: number; readonly queries: number }> {
  const questions = await questionsOf(deps, request)
  const efSearch = leastEfSearch(deps.tuning ?? defaultTuning, request.model)
  return { ...(await ask(deps, request, questions)), efSearch, queries: questions.length }
}

/** A chunk that is asked with, and the distance of the farthest of its true neighbours. */
interface Question {
  readonly id: string
  readonly vector: Float32Array
  readonly wanted: number
  readonly farthest: number
}

async function questionsOf(
  deps: RecallDeps,
  request: Pick<CalibrateRequest, 'model' | 'vectors' | 'queries' | 'budgetMs' | 'signal'>,
): Promise<readonly Question[]> {
  const { db, layout } = deps
  const { model } = request
  const chunks = await sampleEmbedded(db, layout, [model], { limit: request.queries })
  const ids = chunks.map(({ id }) => id)
  return answered(deps, request, [...(await readVectors(db, layout, model, ids))])
}

/** The questions with their true neighbours, as many as fit in the time. */
async function answered(
  { db, layout, tuning = defaultTuning }: RecallDeps,
  request: Pick<CalibrateRequest, 'model' | 'vectors' | 'budgetMs' | 'signal'>,
  asked: readonly (readonly [id: string, vector: Float32Array])[],
  filter?: SearchFilter,
): Promise<readonly Question[]> {
  const { model, vectors, budgetMs, signal } = request
  const until = performance.now() + budgetMs
  const questions: Question[] = []
  for (const [id, vector] of asked) {
    throwIfAborted(signal)
    if (questions.length >= fewestQueries && performance.now() > until) break
    const search = { model, vector, k: nearestWanted + 1, filter, versionOf: null, vectors }
    const exact = await findNearest(db, layout, search, { tuning: { ...tuning, exactRows: vectors } })
    const others = exact.found.filter((one) => one.chunkId !== id).slice(0, nearestWanted)
    questions.push({ id, vector, wanted: others.length, farthest: others.at(-1)?.distance ?? 0 })
  }
  return questions
}

async function ask(
  { db, layout, tuning = defaultTuning }: RecallDeps,
  { model, vectors, signal }: Pick<CalibrateRequest, 'model' | 'vectors' | 'signal'>,
  questions: readonly Question[],
  filter?: SearchFilter,
): Promise<Recall> {
  const asked: Asked[] = []
  for (const { id, vector, wanted, farthest } of questions) {
    throwIfAborted(signal)
    // One more, because a chunk finds itself.
    const search = { model, vector, k: nearestWanted + 1, filter, versionOf: null, vectors }
    const { found } = await findNearest(db, layout, search, { tuning: { ...tuning, exactRows: -1 } })
    // Among chunks at equal distances, any counts.
    const hits = found.filter((one) => one.chunkId !== id && one.distance <= farthest + 1e-7)
    asked.push({ wanted, found: Math.min(wanted, hits.length) })
  }
  return recallOf(asked)
}

/** Null: no filter of documents leaves so many chunks that the index is used. */
async function calibrateFilter(
  deps: RecallDeps,
  request: CalibrateRequest,
  questions: readonly Question[],
): Promise<{
  readonly value: number
  readonly tried: readonly Tried[]
  readonly reached: boolean
} | null> {
  const { db, layout, tuning = defaultTuning } = deps
  const { model, vectors, wanted } = request
  const documentIds = await documentsByHash(db, layout, { share: filterShare, limit: mostFiltered })
  const [first] = questions
  if (documentIds.length === 0 || first === undefined) return null
  const filter: SearchFilter = { documentIds }
  const search = { model, vector: first.vector, k: nearestWanted, filter, versionOf: null, vectors }
  const { matching } = await findNearest(db, layout, search, { tuning })
  if (matching !== null) return null
  const pairs = questions.map(({ id, vector }) => [id, vector] as const)
  const behind = await answered(deps, request, pairs, filter)
  return leastReaching(wanted, { least: leastSurplus, most: efSearchLimit }, (filterSurplus) =>
    ask(deps, { ...request, model: withEffort(model, { filterSurplus }) }, behind, filter),
  )
}

function withEffort(model: StoredSpace, tried: Partial<NonNullable<StoredSpace['effort']>>): StoredSpace {
  const before = model.effort ?? { efSearch: leastEffort, filterSurplus: null }
  return { ...model, effort: { ...before, ...tried } }
}
