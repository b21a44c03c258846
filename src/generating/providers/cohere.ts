import { createCohere } from '@ai-sdk/cohere'
import { requireKey } from '../../hosted/keys.ts'
import type { LanguageEnvironment, LanguageModelSpec } from '../contract.ts'
import type { OpenedLanguageModel } from './language-model.ts'

export function openCohere(spec: LanguageModelSpec, environment: LanguageEnvironment): OpenedLanguageModel {
  const apiKey = requireKey({ modelName: spec.model, provider: 'cohere' }, environment)
  const provider = createCohere({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  return { model: provider.languageModel(spec.model), secrets: [apiKey] }
}
