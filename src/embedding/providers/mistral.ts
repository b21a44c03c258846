import { createMistral } from '@ai-sdk/mistral'
import type { ModelSpec } from '../../core/model.ts'
import { requireKey } from '../../hosted/keys.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { sdkModel } from './sdk.ts'

export function openMistral(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const apiKey = requireKey(spec, environment)
  const provider = createMistral({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  return sdkModel(provider.embeddingModel(spec.remoteName), () => ({}), [apiKey])
}
