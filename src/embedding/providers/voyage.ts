import { createVoyage } from 'voyage-ai-provider'
import { requireKey } from '../../hosted/keys.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { knownModelOf } from '../catalogue.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { type SdkOptions, sdkModel } from './sdk.ts'

export function openVoyage(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createVoyage({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  const own = knownModelOf(spec)?.dimension ?? spec.dimension
  const width: SdkOptions[string] = own === spec.dimension ? {} : { outputDimension: spec.dimension }
  return sdkModel(
    provider.embeddingModel(spec.remoteName),
    // Reject texts that are too long rather than cut them silently; windows make sure that there are none.
    (kind) => ({ voyage: { inputType: kind, truncation: false, ...width } }),
    [apiKey],
  )
}
