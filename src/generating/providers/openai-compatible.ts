import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { RevectorError } from '../../core/errors.ts'
import { findKey } from '../../hosted/keys.ts'
import { servedAt } from '../../hosted/served-at.ts'
import type { LanguageEnvironment, LanguageModelSpec } from '../contract.ts'
import type { OpenedLanguageModel } from './language-model.ts'

/** Ollama, vLLM, LM Studio, llama.cpp, Azure and others that speak OpenAI's format; a key is sent only when one is set. */
export function openOpenaiCompatible(
  spec: LanguageModelSpec,
  environment: LanguageEnvironment,
): OpenedLanguageModel {
  const served = spec.baseUrl === null ? null : servedAt(spec.baseUrl)
  if (served === null) {
    throw new RevectorError(
      'CONFIG_INVALID',
      `Language model ${spec.model} needs the http(s) URL of its server.`,
      {
        hint: 'Set REVECTOR_LANGUAGE_MODEL_URL, for Ollama http://127.0.0.1:11434/v1.',
        data: { model: spec.model },
      },
    )
  }
  const apiKey = findKey('openai-compatible', environment)
  const provider = createOpenAICompatible({
    name: 'served',
    baseURL: served.baseURL,
    queryParams: served.queryParams,
    includeUsage: true,
    ...(apiKey === undefined ? {} : served.isAzure ? { headers: { 'api-key': apiKey } } : { apiKey }),
  })
  return { model: provider.chatModel(spec.model), secrets: [apiKey] }
}
