import { RevectorError } from '../core/errors.ts'
import { providerNames } from '../core/model.ts'
import { type Clock, systemClock } from '../hosted/clock.ts'
import type { ModelSpec } from '../wire/model.ts'
import type { EmbeddingModel, ProviderEnvironment } from './contract.ts'
import { limitsFor } from './limits.ts'
import { layered } from './model.ts'
import { sharedRateKey, shareRateLimit } from './rate-limit.ts'
import type { RawModel } from './raw-model.ts'
import { isExact, tokenCounter } from './tokens.ts'

/** For tests and benchmarks: time, randomness, and the threads of the bundled model. */
export interface OpenInternals {
  readonly clock?: Clock
  readonly random?: () => number
  readonly threads?: number
}

/**
 * Opens a model: loads its provider (and no other), and adds the common layers. Sends no request to a hosted
 * provider yet; loads the weights of a local model.
 *
 * @throws RevectorError PROVIDER_KEY_MISSING, PROVIDER_KEY_WITHHELD, PROVIDER_PACKAGE_MISSING, PROVIDER_UNAVAILABLE,
 *   INVALID_INPUT
 */
export async function openEmbeddingModel(
  spec: ModelSpec,
  environment: ProviderEnvironment,
  internals: OpenInternals = {},
): Promise<EmbeddingModel> {
  const raw = await openProvider(spec, environment, internals)
  const { onProgress, onProviderCall, sharedRates } = environment
  const limits = limitsFor(spec, raw, environment)
  const key = sharedRateKey(spec)
  const { clock = systemClock } = internals
  const model = spec.modelName
  return layered(spec, raw, {
    ...internals,
    limits,
    rateLimit:
      sharedRates === undefined || key === null ? undefined : shareRateLimit(key, limits, sharedRates, clock),
    countTokens: raw.countTokens ?? (await tokenCounter(spec)),
    exactTokens: raw.countTokens !== undefined || isExact(spec),
    onCall: (call) => onProviderCall?.({ model, ...call }),
    onRetry: (event) => onProgress?.({ type: 'provider.retry', model, ...event }),
  })
}

async function openProvider(
  spec: ModelSpec,
  environment: ProviderEnvironment,
  internals: OpenInternals,
): Promise<RawModel> {
  switch (spec.provider) {
    case 'openai':
      return (await import('./providers/openai.ts')).openOpenai(spec, environment)
    case 'openai-compatible':
      return (await import('./providers/openai-compatible.ts')).openOpenaiCompatible(spec, environment)
    case 'cohere':
      return (await import('./providers/cohere.ts')).openCohere(spec, environment)
    case 'google':
      return (await import('./providers/google.ts')).openGoogle(spec, environment)
    case 'mistral':
      return (await import('./providers/mistral.ts')).openMistral(spec, environment)
    case 'voyage':
      return (await import('./providers/voyage.ts')).openVoyage(spec, environment)
    case 'transformers':
      return (await import('./providers/transformers.ts')).openTransformers(spec, environment)
    case 'bundled':
      return (await import('./providers/bundled.ts')).openBundled(spec, internals.threads)
    case 'lexical-hash':
      return (await import('./providers/lexical-hash.ts')).openLexicalHash(spec)
    case 'custom':
      throw new RevectorError(
        'INVALID_INPUT',
        `Model ${spec.modelName} belongs to the program that provides it.`,
        {
          hint: 'Use it from that program, which passes it to createRevector({ models }).',
          data: { model: spec.modelName },
        },
      )
    default:
      throw unknownProvider(spec.provider)
  }
}

/** A row of a newer version, or one written by hand. */
function unknownProvider(provider: never): RevectorError {
  return new RevectorError('INVALID_INPUT', `This version has no provider named ${String(provider)}.`, {
    hint: `It has ${providerNames.join(', ')}.`,
  })
}
