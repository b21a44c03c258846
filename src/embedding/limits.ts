import type { ProviderName } from '../core/model.ts'
import type { ModelSpec } from '../wire/model.ts'
import { knownModelOf } from './catalogue.ts'
import type { ModelLimits, ProviderEnvironment } from './contract.ts'
import type { RawModel } from './raw-model.ts'

/**
 * More texts in one request save little and risk much: a failed request is repeated completely, and 2,048
 * replies of 3,072 numbers are over 100 MB of JSON.
 */
const mostBatchItems = 256
const mostBatchTokens = 100_000

const hosted: ModelLimits = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: 4,
  batchItems: 96,
  batchTokens: mostBatchTokens,
  // Most models of unknown servers are BERT-like.
  maxInputTokens: 512,
  requestTimeoutMs: 60_000,
  maxAttempts: 6,
}

/** The user's own machine: more requests at once are not faster, and a cold model may take minutes to load. */
const local: ModelLimits = { ...hosted, concurrency: 1, batchItems: 32, requestTimeoutMs: 600_000 }

const byProvider: Readonly<Record<ProviderName, ModelLimits>> = {
  openai: hosted,
  cohere: hosted,
  google: hosted,
  mistral: hosted,
  voyage: hosted,
  'openai-compatible': { ...hosted, concurrency: 2, batchItems: 32, requestTimeoutMs: 300_000 },
  transformers: local,
  bundled: local,
  custom: hosted,
  'lexical-hash': { ...local, batchItems: 256, batchTokens: Number.MAX_SAFE_INTEGER },
}

/** The provider's usual limits, then the catalogue's and the model's own, then the user's. */
export function limitsFor(spec: ModelSpec, raw: RawModel, environment: ProviderEnvironment): ModelLimits {
  const usual = byProvider[spec.provider]
  const known = knownModelOf(spec)
  return {
    ...usual,
    ...(known && {
      requestsPerMinute: known.requestsPerMinute,
      tokensPerMinute: known.tokensPerMinute,
      batchItems: Math.min(known.maxBatchItems, mostBatchItems),
      batchTokens: Math.min(known.maxBatchTokens ?? usual.batchTokens, usual.batchTokens),
      maxInputTokens: known.maxInputTokens,
    }),
    ...(raw.maxInputTokens !== undefined && {
      maxInputTokens: Math.min(raw.maxInputTokens, known?.maxInputTokens ?? raw.maxInputTokens),
    }),
    ...environment.limits?.[spec.modelName],
  }
}
