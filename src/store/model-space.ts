import { RevectorError } from '../core/errors.ts'
import type { Model, ModelSpec } from '../wire/model.ts'

/** Fields that define a vector space, besides its name. The endpoint's URL is not one of them. */
const spaceFields = [
  'dimension',
  'provider',
  'remoteName',
  'revision',
  'pooling',
  'normalize',
  'documentPrefix',
  'queryPrefix',
  'distance',
] as const satisfies readonly (keyof ModelSpec)[]

/** The fields that differ between two specs; empty if their vectors can be compared. */
export function spaceDifferences(a: ModelSpec, b: ModelSpec): readonly (keyof ModelSpec)[] {
  return spaceFields.filter((field) => a[field] !== b[field])
}

/** @throws RevectorError MODEL_DIMENSION_CONFLICT, MODEL_SPACE_CONFLICT with the fields that differ */
export function refuseOtherSpace(registered: Model, requested: ModelSpec): void {
  const different = spaceDifferences(registered, requested)
  if (different.length === 0) return
  const { modelName } = registered
  if (different.includes('dimension')) {
    throw new RevectorError(
      'MODEL_DIMENSION_CONFLICT',
      `Model exists with different dimension: "${modelName}" is registered with ${registered.dimension}, got ${requested.dimension}.`,
      {
        hint: 'Register the new model under a name of its own, or remove the registered one first (`revector models remove`).',
        data: { model: modelName, registered: registered.dimension, requested: requested.dimension },
      },
    )
  }
  const list = different.map(
    (field) => `${field} ${JSON.stringify(registered[field])}, got ${JSON.stringify(requested[field])}`,
  )
  throw new RevectorError(
    'MODEL_SPACE_CONFLICT',
    `Model exists as another vector space: "${modelName}" is registered with ${list.join('; ')}.`,
    {
      hint: 'Vectors of the two cannot be compared: register the new model under a name of its own.',
      data: { model: modelName, fields: different },
    },
  )
}
