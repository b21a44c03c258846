import { RevectorError } from '../core/errors.ts'
import type { EmbeddingModel, OpenEmbeddingModel, ProviderEnvironment } from '../embedding/contract.ts'
import { type OwnModel, openOwnModel } from '../embedding/own-model.ts'
import type { Model } from '../wire/model.ts'

export interface OpenModels {
  /** Opened once and cached. Opened again when the endpoint has changed in the registry. */
  open(model: Model): Promise<EmbeddingModel>
  close(): Promise<void>
}

/** The models that this process has open. */
export function openModels(
  openEmbeddingModel: OpenEmbeddingModel,
  environment: ProviderEnvironment,
  own: readonly OwnModel[] = [],
): OpenModels {
  const opened = new Map<string, Promise<EmbeddingModel>>()

  async function open(model: Model): Promise<EmbeddingModel> {
    if (model.provider !== 'custom') return openEmbeddingModel(model, environment)
    const mine = own.find(({ modelName }) => modelName === model.modelName)
    if (mine !== undefined) return openOwnModel(mine, environment)
    throw new RevectorError(
      'PROVIDER_UNAVAILABLE',
      `"${model.modelName}" is a model that a program provides itself, and this program does not provide it.`,
      { hint: 'Pass it to createRevector({ models: [...] }).', data: { model: model.modelName } },
    )
  }

  return {
    open(model) {
      // The name as well: one that is not registered yet has no id of its own.
      const key = `${model.id} ${model.modelName} ${model.baseUrl ?? ''}`
      const found = opened.get(key)
      if (found !== undefined) return found
      const opening = open(model)
      opened.set(key, opening)
      // A failure is not cached: the key may be set, the server started, and the next call tries again.
      opening.catch(() => opened.delete(key))
      return opening
    },
    async close() {
      const all = [...opened.values()]
      opened.clear()
      for (const result of await Promise.allSettled(all)) {
        if (result.status === 'fulfilled') await result.value.close()
      }
    },
  }
}
