import { counted, grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { ProviderFailure } from '../hosted/failure.ts'
import type { ModelSpec } from '../wire/model.ts'
import type { RawReply } from './raw-model.ts'

/**
 * One valid vector for each text, or the failure of that text. Throws if the reply as a whole does not belong
 * to the request (count, order, dimension).
 *
 * @throws ProviderFailure `invalid`
 */
export function checkReply(
  reply: RawReply,
  texts: number,
  spec: ModelSpec,
): readonly (Float32Array | ProviderFailure)[] {
  if (reply.vectors.length !== texts) {
    throw new ProviderFailure(
      'invalid',
      `Expected ${counted(texts, 'vector')}, got ${grouped(reply.vectors.length)}.`,
    )
  }
  reply.indexes?.forEach((index, place) => {
    if (index === place) return
    throw new ProviderFailure(
      'invalid',
      `The vectors are in another order than the texts: position ${place} has the vector of text ${index}.`,
    )
  })
  return reply.vectors.map((vector) => {
    if (vector.length !== spec.dimension) throw wrongWidth(spec, vector.length)
    return checkVector(new Float32Array(vector), spec.normalize)
  })
}

/** A vector of finite numbers that is not zero, scaled to length 1 if the space requires it. */
export function checkVector(vector: Float32Array, normalize: boolean): Float32Array | ProviderFailure {
  let squares = 0
  for (const value of vector) squares += value * value
  if (!Number.isFinite(squares)) {
    return badVector('The vector contains a number that is not finite.')
  }
  if (squares === 0) {
    return badVector('The vector is all zeros, so it has no direction to search by.')
  }
  if (!normalize) return vector
  const length = Math.sqrt(squares)
  // Vectors that already have length 1 are kept, bit for bit.
  if (Math.abs(length - 1) < 1e-6) return vector
  return vector.map((value) => value / length)
}

const badVector = (reason: string) => new ProviderFailure('invalid', reason, { mayBeOneText: true })

function wrongWidth(spec: ModelSpec, received: number): ProviderFailure {
  const shownAs = new RevectorError(
    'EMBEDDING_DIMENSION_MISMATCH',
    `Embedding dimension mismatch: ${spec.modelName} is registered with ${spec.dimension} dimensions, ` +
      `${spec.provider} returned a vector of ${received}.`,
    {
      hint:
        `Check that the endpoint serves ${spec.remoteName}; a model of ${received} dimensions must be registered ` +
        'under a name of its own.',
      data: { model: spec.modelName, expected: spec.dimension, received },
    },
  )
  return new ProviderFailure('invalid', shownAs.message, { shownAs })
}
