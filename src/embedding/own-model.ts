import { RevectorError } from '../core/errors.ts'
import { ProviderFailure } from '../hosted/failure.ts'
import type { ModelSpec } from '../wire/model.ts'
import { specFor } from './catalogue.ts'
import type { EmbeddingModel, EmbedOptions, ProviderEnvironment } from './contract.ts'
import { limitsFor } from './limits.ts'
import { layered } from './model.ts'
import type { RawModel } from './raw-model.ts'
import { isExact, tokenCounter } from './tokens.ts'

/**
 * A model that the calling program provides: a space and a function. The results of the function are checked
 * like any provider's reply; long texts are passed in windows, many texts in batches.
 */
export interface OwnModel
  extends Partial<Omit<ModelSpec, 'modelName' | 'dimension' | 'provider' | 'baseUrl'>> {
  readonly modelName: string
  readonly dimension: number
  /** Most tokens of one text; a longer one is embedded in windows. Default: 512. */
  readonly maxInputTokens?: number
  /** One vector for each text, in their order. */
  embed(texts: readonly string[], options: Required<EmbedOptions>): Promise<readonly ArrayLike<number>[]>
  /** Called once, when Revector is closed. */
  close?(): Promise<void>
}

/** @throws RevectorError DIMENSION_UNSUPPORTED, INVALID_INPUT */
export function ownSpec({
  modelName,
  maxInputTokens: _,
  embed: _embed,
  close: _close,
  ...own
}: OwnModel): ModelSpec {
  return specFor(modelName, { ...own, provider: 'custom' })
}

export async function openOwnModel(own: OwnModel, environment: ProviderEnvironment): Promise<EmbeddingModel> {
  const spec = ownSpec(own)
  const raw: RawModel = {
    async embedBatch(texts, kind, signal) {
      const vectors = await calling(own, () => own.embed(texts, { kind, signal }))
      return { vectors, indexes: null, tokens: null }
    },
    maxInputTokens: own.maxInputTokens,
    close: async () => own.close?.(),
  }
  return layered(spec, raw, {
    limits: limitsFor(spec, raw, environment),
    countTokens: await tokenCounter(spec),
    exactTokens: isExact(spec),
  })
}

async function calling<T>(own: OwnModel, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof RevectorError) throw error
    const message = error instanceof Error ? error.message : String(error)
    const shownAs = new RevectorError(
      'PROVIDER_UNAVAILABLE',
      `The model "${own.modelName}" failed: ${message}`,
      {
        hint: 'The model is provided by your program; fix it there.',
        data: { model: own.modelName },
        cause: error,
      },
    )
    throw new ProviderFailure('thrown', message, { shownAs })
  }
}
