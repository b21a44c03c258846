import type { Model, ModelSpec } from '../../src/core/model.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import type { EmbeddingModel, ProviderEnvironment } from '../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'

/** No keys, no folders: enough for lexical-hash. */
export const bareEnvironment: ProviderEnvironment = { keys: {}, localModelPath: null, cacheDir: '' }

/** lexical-hash under a name of its own, so that a test has as many spaces as it wants. */
export function space(modelName: string, dimension: number): ModelSpec {
  return { ...specFor(`lexical-hash-${dimension}`), modelName }
}

/** What was asked of the models, and what they should do instead of answering. */
export interface WatchedModels {
  open(model: Model): Promise<EmbeddingModel>
  /** Texts embedded, by model name, in the order they came. */
  readonly texts: ReadonlyMap<string, string[]>
  /** Called before a model answers; may throw, wait, or write to the database. */
  before: (model: Model, texts: readonly string[]) => Promise<void>
}

export function watchedModels(): WatchedModels {
  const texts = new Map<string, string[]>()
  const watched: WatchedModels = {
    texts,
    before: async () => {},
    async open(model) {
      const real = await openEmbeddingModel(model, bareEnvironment)
      return {
        ...real,
        async embed(asked, options) {
          await watched.before(model, asked)
          const seen = texts.get(model.modelName) ?? []
          seen.push(...asked)
          texts.set(model.modelName, seen)
          return real.embed(asked, options)
        },
      }
    },
  }
  return watched
}
