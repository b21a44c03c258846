import { counted } from '../core/counted.ts'
import { RevectorError, throwIfAborted } from '../core/errors.ts'
import { checkQueryVector } from '../store/embeddings.ts'
import { spaceDifferences } from '../store/model-space.ts'
import type { VersionedModel } from '../store/models.ts'
import type { Model } from '../wire/model.ts'
import type { SearchDeps } from './deps.ts'
import { type Covered, findCovered } from './find-covered.ts'
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
    const covered = await findCovered(deps, memory, { request, model: known.model, vector })
    const answered = !(covered instanceof RevectorError)
    if (answered && (covered.version === known.version || attempt === attempts)) {
      return resultOf(covered, known.model, vector)
    }
    const now = await memory.reread(db, modelName)
    if (answered && isSameSpace(now.model, known.model)) return resultOf(covered, now.model, vector)
    if (!answered && (now.version === known.version || attempt === attempts)) throw covered
    if (!isSameSpace(now.model, known.model)) vector = await queryVector(deps, now.model, request)
    known = now
  }
}

/** @throws RevectorError MODEL_EMPTY */
function resultOf({ found, whole, coverage }: Covered, model: Model, vector: Float32Array): SpaceResult {
  if (found.length > 0 || whole.vectors > 0 || whole.chunks === 0) return { model, vector, found, coverage }
  throw new RevectorError(
    'MODEL_EMPTY',
    `"${model.modelName}" has no vectors of the ${counted(whole.chunks, 'chunk')}: a search with it finds nothing.`,
    {
      hint: `Fill it with \`revector migrate run --from MODEL --to ${model.modelName}\`, or search with another model.`,
      data: { model: model.modelName, chunks: whole.chunks },
    },
  )
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

function nothingToEmbed({ modelName }: Model): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `There is neither a text to search for nor a vector of "${modelName}".`,
    { hint: 'Give the query, or its vector in this model.', data: { field: 'query', model: modelName } },
  )
}
