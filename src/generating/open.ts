import { type Clock, systemClock } from '../hosted/clock.ts'
import type { LanguageEnvironment, LanguageModel, LanguageModelSpec } from './contract.ts'
import { languageModel } from './model.ts'
import type { OpenedLanguageModel } from './providers/language-model.ts'

/**
 * Loads the provider of the model and no other. Sends no request yet.
 *
 * @throws RevectorError PROVIDER_KEY_MISSING, CONFIG_INVALID
 */
export async function openLanguageModel(
  spec: LanguageModelSpec,
  environment: LanguageEnvironment,
  {
    clock = systemClock,
    random = Math.random,
  }: { readonly clock?: Clock; readonly random?: () => number } = {},
): Promise<LanguageModel> {
  const { onProgress, onLanguageModelCall } = environment
  return languageModel(spec, await openProvider(spec, environment), {
    clock,
    random,
    onCall: onLanguageModelCall,
    onRetry: (event) => onProgress?.({ type: 'provider.retry', model: spec.model, ...event }),
  })
}

async function openProvider(
  spec: LanguageModelSpec,
  environment: LanguageEnvironment,
): Promise<OpenedLanguageModel> {
  switch (spec.provider) {
    case 'openai':
      return (await import('./providers/openai.ts')).openOpenai(spec, environment)
    case 'openai-compatible':
      return (await import('./providers/openai-compatible.ts')).openOpenaiCompatible(spec, environment)
    case 'google':
      return (await import('./providers/google.ts')).openGoogle(spec, environment)
    case 'mistral':
      return (await import('./providers/mistral.ts')).openMistral(spec, environment)
    case 'cohere':
      return (await import('./providers/cohere.ts')).openCohere(spec, environment)
  }
}
