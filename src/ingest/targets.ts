import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { requireCurrentModel, requireModel, writtenModels } from '../store/models.ts'
import type { Model } from '../wire/model.ts'

/** The models a write embeds with, and which of them must succeed. */
export interface Targets {
  readonly models: readonly Model[]
  /** Its failure fails the write; the chunks that another model fails to embed become pending. */
  readonly required: Model
  /**
   * A model named by the caller: its state does not matter, and the chunks are pending for other written
   * models.
   */
  readonly named: boolean
}

/** @throws RevectorError MODEL_UNKNOWN */
export async function readTargets(
  db: Queryable,
  modelName: string | undefined,
  options: { readonly lock?: boolean } = {},
): Promise<Targets> {
  if (modelName !== undefined) {
    const model = await requireModel(db, modelName)
    if (model.state === 'retired') {
      throw new RevectorError(
        'MODEL_UNKNOWN',
        `The model "${modelName}" is retired: its vectors have been dropped.`,
        {
          hint: 'Use another model (`revector models list`), or register it again.',
          data: { model: modelName },
        },
      )
    }
    return { models: [model], required: model, named: true }
  }
  const models = await writtenModels(db, options)
  const required = models.find((model) => model.state === 'current') ?? (await requireCurrentModel(db))
  return { models, required, named: false }
}
