import { createOpenAI } from '@ai-sdk/openai'
import { requireKey } from '../../hosted/keys.ts'
import type { LanguageEnvironment, LanguageModelSpec } from '../contract.ts'
import type { OpenedLanguageModel } from './language-model.ts'

/** Chat completions: OpenAI's Responses API stores requests unless told not to, and proxies lack it. */
export function openOpenai(spec: LanguageModelSpec, environment: LanguageEnvironment): OpenedLanguageModel {
  const apiKey = requireKey({ modelName: spec.model, provider: 'openai' }, environment)
  const provider = createOpenAI({ apiKey, ...(spec.baseUrl === null ? {} : { baseURL: spec.baseUrl }) })
  return { model: provider.chat(spec.model), secrets: [apiKey] }
}
