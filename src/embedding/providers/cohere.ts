import { createCohere } from '@ai-sdk/cohere'
import { requireKey } from '../../hosted/keys.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { knownModelOf } from '../catalogue.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { type SdkOptions, sdkModel } from './sdk.ts'

export function openCohere(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createCohere({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  const own = knownModelOf(spec)?.dimension ?? spec.dimension
  const width: SdkOptions[string] = own === spec.dimension ? {} : { outputDimension: spec.dimension }
  return sdkModel(
    provider.embeddingModel(spec.remoteName),
    (kind) => ({
      cohere: {
        inputType: kind === 'query' ? 'search_query' : 'search_document',
        // Reject texts that are too long rather than cut them silently; windows make sure that there are none.
        truncate: 'NONE',
        ...width,
      },
    }),
    [apiKey],
  )
}
