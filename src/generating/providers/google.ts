import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { requireKey } from '../../hosted/keys.ts'
import type { LanguageEnvironment, LanguageModelSpec } from '../contract.ts'
import type { OpenedLanguageModel } from './language-model.ts'

export function openGoogle(spec: LanguageModelSpec, environment: LanguageEnvironment): OpenedLanguageModel {
  const apiKey = requireKey({ modelName: spec.model, provider: 'google' }, environment)
  const provider = createGoogleGenerativeAI({
    apiKey,
    ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }),
  })
  return { model: provider.languageModel(spec.model), secrets: [apiKey] }
}
