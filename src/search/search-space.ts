import { isRevectorError, RevectorError, throwIfAborted } from '../core/errors.ts'
import { checkQueryVector } from '../store/embeddings.ts'
import { spaceDifferences } from '../store/model-space.ts'
import type { VersionedModel } from '../store/models.ts'
import { findNearest } from '../store/nearest.ts'
import type { Model } from '../wire/model.ts'
import { resultOf, type Seen } from './coverage-seen.ts'
import type { SearchDeps } from './deps.ts'
import { noMemory, type SearchMemory } from './memory.ts'
import type { SpaceRequest, SpaceResult } from './space-request.ts'

/** A model that keeps changing under a search is searched as it was seen last. */
const attempts = 3

/**
 * Searches one model's space. The model is remembered from the search before; the statement says whether it still
 * is the one meant, and when it isn't (a switch, a new registration), the search is made again with the right one.
 */
export async function searchSpace(deps: SearchDeps, request: SpaceRequest): Promise<SpaceResult> {
  const { db, memory = noMemory() } = deps
  const { modelName } = request
  let { known, vector } = await embedded(deps, memory, request)
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(request.signal)
    const nearest = await nearestIn(deps, memory, { ...request, known, vector })
    const answered = !(nearest instanceof RevectorError)
    if (answered && (nearest.version === known.version || attempt === attempts)) {
      return resultOf(deps, memory, { request, model: known.model, vector }, nearest)
    }
    const now = await memory.reread(db, modelName)
    if (answered && isSameSpace(now.model, known.model)) {
      return resultOf(deps, memory, { request, model: now.model, vector }, nearest)
    }
    if (!answered && (now.version === known.version || attempt === attempts)) throw nearest
    if (!isSameSpace(now.model, known.model)) vector = await queryVector(deps, now.model, request)
    known = now
  }
}

/**
 * The query's vector, made before anything is read. Where the model that is remembered can't make it (its provider is
 * gone, the vector given is of another width), another may be meant by now.
 */
async function embedded(
  deps: SearchDeps,
  memory: SearchMemory,
  request: SpaceRequest,
): Promise<{ readonly known: VersionedModel; readonly vector: Float32Array }> {
  const known = await memory.model(deps.db, request.modelName)
  try {
    return { known, vector: await queryVector(deps, known.model, request) }
  } catch (error) {
    throwIfAborted(request.signal)
    const now = await memory.reread(deps.db, request.modelName)
    if (now.version === known.version) throw error
    return { known: now, vector: await queryVector(deps, now.model, request) }
  }
}

function isSameSpace(a: Model, b: Model): boolean {
  return a.id === b.id && spaceDifferences(a, b).length === 0
}

/** @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, INVALID_INPUT, and what the model throws */
async function queryVector(deps: SearchDeps, model: Model, request: SpaceRequest): Promise<Float32Array> {
  const given = request.queryVector ?? request.queryVectors?.[model.modelName]
  if (given !== undefined) {
    checkQueryVector(model, given)
    return given
  }
  if (request.query.trim() === '') throw nothingToEmbed(model)
  const embedding = await deps.models.open(model)
  const { vectors } = await embedding.embed([request.query], { kind: 'query', signal: request.signal })
  const [vector] = vectors
  if (vector === undefined) throw new Error(`${model.modelName} made no vector of the query`)
  // The model has been asked for its own width, and has checked the numbers.
  if (vector.length !== model.dimension) checkQueryVector(model, vector)
  return vector
}

/** The error when the model's table or column is not there: it may have been removed a moment ago. */
async function nearestIn(
  deps: SearchDeps,
  memory: SearchMemory,
  search: SpaceRequest & { readonly known: VersionedModel; readonly vector: Float32Array },
): Promise<Seen | RevectorError> {
  const { db, layout, tuning } = deps
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

function nothingToEmbed({ modelName }: Model): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `There is neither a text to search for nor a vector of "${modelName}".`,
    { hint: 'Give the query, or its vector in this model.', data: { field: 'query', model: modelName } },
  )
}
