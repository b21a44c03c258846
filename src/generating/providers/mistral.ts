import { createMistral } from '@ai-sdk/mistral'
import { requireKey } from '../../hosted/keys.ts'
import type { LanguageEnvironment, LanguageModelSpec } from '../contract.ts'
import type { OpenedLanguageModel } from './language-model.ts'

export function openMistral(spec: LanguageModelSpec, environment: LanguageEnvironment): OpenedLanguageModel {
  const apiKey = requireKey({ modelName: spec.model, provider: 'mistral' }, environment)
  const provider = createMistral({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  return { model: provider.languageModel(spec.model), secrets: [apiKey] }
}
