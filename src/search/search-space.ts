import { isRevectorError, RevectorError, throwIfAborted } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import type { SearchFilter } from '../core/search.ts'
import { type CountedAt, type Counts, countMatching, coverageOf } from '../store/coverage.ts'
import { checkQueryVector } from '../store/embeddings.ts'
import { isNarrowing } from '../store/filter.ts'
import { spaceDifferences } from '../store/model-space.ts'
import type { VersionedModel } from '../store/models.ts'
import { type FoundChunk, findNearest, type Nearest } from '../store/nearest.ts'
import { noMemory, type SearchMemory } from './memory.ts'
import type { SearchParts } from './parts.ts'

export interface SpaceRequest {
  /** Null: the current model. */
  readonly modelName: string | null
  readonly query: string
  readonly queryVector?: Float32Array | undefined
  readonly k: number
  readonly filter?: SearchFilter | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SpaceResult {
  readonly model: Model
  /** The query in its space. */
  readonly vector: Float32Array
  readonly found: readonly FoundChunk[]
  /** Chunks with a vector / chunks, over what the search could see. */
  readonly coverage: number
}

/** A model that keeps changing under a search is searched as it was seen last. */
const attempts = 3

/**
 * Searches one model's space. The model is remembered from the search before; the statement says whether it still
 * is the one meant, and when it isn't (a switch, a new registration), the search is made again with the right one.
 */
export async function searchSpace(parts: SearchParts, request: SpaceRequest): Promise<SpaceResult> {
  const { db, memory = noMemory() } = parts
  const { modelName } = request
  let { known, vector } = await embedded(parts, memory, request)
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(request.signal)
    const nearest = await nearestIn(parts, memory, { ...request, known, vector })
    const answered = !(nearest instanceof RevectorError)
    if (answered && (nearest.version === known.version || attempt === attempts)) {
      return resultOf(parts, memory, { request, model: known.model, nearest, vector })
    }
    const now = await memory.reread(db, modelName)
    if (answered && isSameSpace(now.model, known.model)) {
      return resultOf(parts, memory, { request, model: now.model, nearest, vector })
    }
    if (!answered && (now.version === known.version || attempt === attempts)) throw nearest
    if (!isSameSpace(now.model, known.model)) vector = await queryVector(parts, now.model, request)
    known = now
  }
}

/**
 * The query's vector, made before anything is read. Where the model that is remembered can't make it (its provider is
 * gone, the vector given is of another width), another may be meant by now.
 */
async function embedded(
  parts: SearchParts,
  memory: SearchMemory,
  request: SpaceRequest,
): Promise<{ readonly known: VersionedModel; readonly vector: Float32Array }> {
  const known = await memory.model(parts.db, request.modelName)
  try {
    return { known, vector: await queryVector(parts, known.model, request) }
  } catch (error) {
    throwIfAborted(request.signal)
    const now = await memory.reread(parts.db, request.modelName)
    if (now.version === known.version) throw error
    return { known: now, vector: await queryVector(parts, now.model, request) }
  }
}

function isSameSpace(a: Model, b: Model): boolean {
  return a.id === b.id && spaceDifferences(a, b).length === 0
}

/** @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, INVALID_INPUT, and what the model throws */
async function queryVector(parts: SearchParts, model: Model, request: SpaceRequest): Promise<Float32Array> {
  if (request.queryVector !== undefined) {
    checkQueryVector(model, request.queryVector)
    return request.queryVector
  }
  const embedding = await parts.models.open(model)
  const { vectors } = await embedding.embed([request.query], { kind: 'query', signal: request.signal })
  const [vector] = vectors
  if (vector === undefined) throw new Error(`${model.modelName} made no vector of the query`)
  // The model has been asked for its own width, and has checked the numbers.
  if (vector.length !== model.dimension) checkQueryVector(model, vector)
  return vector
}

/** An answer, and what there was to be seen a moment before it was searched for. */
interface Seen extends Nearest {
  readonly before: CountedAt
}

/** The error when the model's table or column is not there: it may have been removed a moment ago. */
async function nearestIn(
  parts: SearchParts,
  memory: SearchMemory,
  search: SpaceRequest & { readonly known: VersionedModel; readonly vector: Float32Array },
): Promise<Seen | RevectorError> {
  const { db, layout, tuning } = parts
  const { model } = search.known
  try {
    const before = await memory.counts(db, layout, { model, snapshot: null })
    const nearest = await findNearest(
      db,
      layout,
      {
        model,
        vector: search.vector,
        k: search.k,
        filter: search.filter,
        versionOf: search.modelName,
        vectors: before.vectors,
      },
      { tuning, texts: memory.texts },
    )
    return { ...nearest, before }
  } catch (error) {
    if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) return error
    throw error
  }
}

async function resultOf(
  parts: SearchParts,
  memory: SearchMemory,
  {
    request,
    model,
    nearest,
    vector,
  }: {
    readonly request: SpaceRequest
    readonly model: Model
    readonly nearest: Seen
    readonly vector: Float32Array
  },
): Promise<SpaceResult> {
  const whole = await memory.counts(parts.db, parts.layout, { model, snapshot: nearest.snapshot })
  if (nearest.found.length === 0 && whole.vectors === 0 && whole.chunks > 0) throw empty(model, whole)
  const seen = await countSeen(parts, { request, model, nearest, whole })
  const counted = coverageOf(seen)
  // Counted a moment after the search: what was stored in between, it has not seen.
  const coverage = isOf(nearest, whole.snapshot) ? counted : Math.min(counted, coverageOf(nearest.before))
  return { model, vector, found: nearest.found, coverage }
}

/**
 * Whether the search saw what this snapshot sees. One that found nothing has read its snapshot a moment later: it is
 * the search's own only if nothing was committed since before it.
 */
function isOf({ found, before, ...nearest }: Seen, snapshot: string): boolean {
  return nearest.snapshot === snapshot && (found.length > 0 || before.snapshot === snapshot)
}

/** What the search could see: with a filter, what passes it. Only counted where something is missing at all. */
async function countSeen(
  parts: SearchParts,
  search: {
    readonly request: SpaceRequest
    readonly model: Model
    readonly nearest: Nearest
    readonly whole: Counts
  },
): Promise<Counts> {
  const { filter } = search.request
  if (!isNarrowing(filter) || search.whole.vectors >= search.whole.chunks) return search.whole
  return search.nearest.matching ?? countMatching(parts.db, parts.layout, search.model, filter)
}

function empty(model: Model, counts: Counts): RevectorError {
  return new RevectorError(
    'MODEL_EMPTY',
    `"${model.modelName}" has no vectors of the ${counts.chunks} chunks: a search with it finds nothing.`,
    {
      hint: `Fill it with \`revector migrate run --from MODEL --to ${model.modelName}\`, or search with another model.`,
      data: { model: model.modelName, chunks: counts.chunks },
    },
  )
}
