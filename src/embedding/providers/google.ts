import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { requireKey } from '../../hosted/keys.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { knownModelOf } from '../catalogue.ts'
import type { InputKind, ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { type SdkOptions, sdkModel } from './sdk.ts'

/** Google returns shortened vectors unscaled; the common checks scale them if the space is normalised. */
export function openGoogle(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createGoogleGenerativeAI({
    apiKey,
    ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }),
  })
  const own = knownModelOf(spec)?.dimension ?? spec.dimension
  const width: SdkOptions[string] = own === spec.dimension ? {} : { outputDimensionality: spec.dimension }
  // Models that take the task as a prefix don't support the parameter.
  const byPrefix = spec.documentPrefix !== '' || spec.queryPrefix !== ''
  const task = (kind: InputKind): SdkOptions[string] =>
    byPrefix ? {} : { taskType: kind === 'query' ? 'RETRIEVAL_QUERY' : 'RETRIEVAL_DOCUMENT' }
  return sdkModel(
    provider.embeddingModel(spec.remoteName),
    (kind) => ({ google: { ...task(kind), ...width } }),
    [apiKey],
  )
}
