import { RevectorError } from '../core/errors.ts'
import type { ProviderName } from '../core/model.ts'

/** Keys by the names of their environment variables; read by `config.ts`, never logged. */
export type Keys = Readonly<Record<string, string | undefined>>

/** Environment variables that may hold a provider's key, in the order they are read. */
export const keyNames: Readonly<Record<ProviderName, readonly string[]>> = {
  openai: ['OPENAI_API_KEY'],
  // Never OPENAI_API_KEY: that key must not be sent to other servers.
  'openai-compatible': ['OPENAI_COMPATIBLE_API_KEY', 'AZURE_OPENAI_API_KEY'],
  cohere: ['COHERE_API_KEY'],
  google: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
  mistral: ['MISTRAL_API_KEY'],
  voyage: ['VOYAGE_API_KEY'],
  transformers: [],
  bundled: [],
  'lexical-hash': [],
  custom: [],
}

/** The provider's key, or undefined when none of its variables is set. */
export function findKey(provider: ProviderName, { keys }: { readonly keys: Keys }): string | undefined {
  for (const name of keyNames[provider]) {
    const key = keys[name]?.trim()
    if (key !== undefined && key !== '') return key
  }
  return undefined
}

/** @throws RevectorError PROVIDER_KEY_MISSING that names the variable */
export function requireKey(
  { modelName, provider }: { readonly modelName: string; readonly provider: ProviderName },
  environment: { readonly keys: Keys },
): string {
  const key = findKey(provider, environment)
  if (key !== undefined) return key
  const names = keyNames[provider]
  const [first] = names
  throw new RevectorError(
    'PROVIDER_KEY_MISSING',
    `Model ${modelName} needs an API key for ${provider}: ${first} is not set.`,
    {
      hint: `Set ${names.join(' or ')} in the environment, or use a local model.`,
      data: { model: modelName, provider, variables: names },
    },
  )
}
