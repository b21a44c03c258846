import { createOpenAI } from '@ai-sdk/openai'
import { requireKey } from '../../hosted/keys.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { knownModelOf } from '../catalogue.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { type SdkOptions, sdkModel } from './sdk.ts'

export function openOpenai(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createOpenAI({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  // ada-002 rejects the parameter, so it is only sent if the dimension differs from the model's own.
  const own = knownModelOf(spec)?.dimension ?? spec.dimension
  const options: SdkOptions = own === spec.dimension ? {} : { openai: { dimensions: spec.dimension } }
  return sdkModel(provider.embeddingModel(spec.remoteName), () => options, [apiKey])
}
