import { RevectorError } from '../../src/core/errors.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import type { EmbeddingModel, ProviderEnvironment } from '../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import type { Model, ModelSpec } from '../../src/wire/model.ts'

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
  /** Texts that no model can embed. */
  readonly poison: Set<string>
}

export function watchedModels(): WatchedModels {
  const texts = new Map<string, string[]>()
  const watched: WatchedModels = {
    texts,
    before: async () => {},
    poison: new Set(),
    async open(model) {
      const real = await openEmbeddingModel(model, bareEnvironment)
      const seen = texts.get(model.modelName) ?? []
      texts.set(model.modelName, seen)
      return {
        ...real,
        async embed(asked, options) {
          await watched.before(model, asked)
          seen.push(...asked)
          return real.embed(asked, options)
        },
        async embedEach(asked, options) {
          await watched.before(model, asked)
          seen.push(...asked)
          const { outcomes, tokens } = await real.embedEach(asked, options)
          return {
            tokens,
            outcomes: outcomes.map((outcome, index) =>
              watched.poison.has(asked[index] ?? '') ? { error: refusal(index) } : outcome,
            ),
          }
        },
      }
    },
  }
  return watched
}

function refusal(index: number): RevectorError {
  return new RevectorError('PROVIDER_REFUSED', 'This text was refused.', { data: { index } })
}
