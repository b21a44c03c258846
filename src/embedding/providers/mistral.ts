import { createMistral } from '@ai-sdk/mistral'
import { requireKey } from '../../hosted/keys.ts'
import type { ModelSpec } from '../../wire/model.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { sdkModel } from './sdk.ts'

export function openMistral(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createMistral({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  return sdkModel(provider.embeddingModel(spec.remoteName), () => ({}), [apiKey])
}
