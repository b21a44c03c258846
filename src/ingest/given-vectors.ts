import { grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { checkVector } from '../embedding/check.ts'
import { ProviderFailure } from '../hosted/failure.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Model } from '../wire/model.ts'
import type { Paid } from './embed.ts'
import type { PreparedDocument } from './prepare.ts'
import { readTargets, type Targets } from './targets.ts'

/** The vectors that came with these documents, by model. Equal texts have one vector: the first that was given. */
export function givenVectors(documents: readonly PreparedDocument[]): Paid {
  const paid: Paid = new Map()
  for (const { given = [] } of documents) {
    for (const { modelId, vectors } of given) {
      const all = paid.get(modelId) ?? new Map<string, Float32Array>()
      paid.set(modelId, all)
      for (const [hash, vector] of vectors) if (!all.has(hash)) all.set(hash, vector)
    }
  }
  return paid
}

/**
 * Models that a write would not reach, but that vectors were given for: they get those, and nothing is embedded for them.
 *
 * @throws RevectorError MODEL_UNKNOWN
 */
export async function extraModels(
  db: Queryable,
  documents: readonly PreparedDocument[],
  { models }: Targets,
): Promise<readonly Model[]> {
  const reached = new Set(models.map(({ id }) => id))
  const names = new Set<string>()
  for (const { given = [] } of documents) {
    for (const { modelId, modelName } of given) if (!reached.has(modelId)) names.add(modelName)
  }
  const extras: Model[] = []
  for (const name of names) extras.push((await readTargets(db, name)).required)
  return extras
}

/** Looks each model up once for a whole run. */
export function modelLookup(db: Queryable): (modelName: string) => Promise<Model> {
  const known = new Map<string, Promise<Model>>()
  return (modelName) => {
    const looked = known.get(modelName) ?? readTargets(db, modelName).then(({ required }) => required)
    known.set(modelName, looked)
    return looked
  }
}

/**
 * A vector from outside as the model's own are stored: of its width, finite, with a direction, and of length 1 where the
 * space is of unit vectors.
 *
 * @param which names its chunk: `of chunk 3`
 * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, INVALID_INPUT
 */
export function checkGivenVector(model: Model, given: ArrayLike<number>, which: string): Float32Array {
  const { modelName, dimension, normalize } = model
  if (!isListOfNumbers(given)) {
    throw new RevectorError('INVALID_INPUT', `The vector ${which} is not a list of numbers.`, {
      hint: `Pass a Float32Array or an array of ${grouped(dimension)} numbers.`,
      data: { model: modelName },
    })
  }
  if (given.length !== dimension) {
    throw new RevectorError(
      'EMBEDDING_DIMENSION_MISMATCH',
      `Embedding dimension mismatch: "${modelName}" has ${dimension}, the vector ${which} has ${given.length}.`,
      {
        hint: 'Check which model made the vector, and the dimension the model is registered with (`revector models list`).',
        data: { model: modelName, expected: dimension, received: given.length },
      },
    )
  }
  const checked = checkVector(Float32Array.from(given), normalize)
  if (!(checked instanceof ProviderFailure)) return checked
  throw new RevectorError('INVALID_INPUT', `The vector ${which} cannot be stored. ${checked.message}`, {
    hint: 'Check the program that made it.',
    data: { model: modelName },
  })
}

function isListOfNumbers(given: unknown): given is ArrayLike<number> {
  if (given instanceof Float32Array || given instanceof Float64Array) return true
  return Array.isArray(given) && given.every((value) => typeof value === 'number')
}
