import { RevectorError } from '../core/errors.ts'
import type { ProviderName } from '../core/model.ts'
import { entryFor, isNamedHost, isOnThisMachine, isOwnHost, originOf } from './key-hosts.ts'

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
  return firstKey(keyNames[provider], { keys })
}

function firstKey(names: readonly string[], { keys }: { readonly keys: Keys }): string | undefined {
  for (const name of names) {
    const key = keys[name]?.trim()
    if (key !== undefined && key !== '') return key
  }
  return undefined
}

/** A model whose key is asked for. `baseUrl`: where the database says that it is; a configured address needs no check. */
interface Keyed {
  readonly modelName: string
  readonly provider: ProviderName
  readonly baseUrl?: string | null
}

export interface KeyEnvironment {
  readonly keys: Keys
  /** Hosts beside the providers' own to which keys may be sent; undefined: the caller answers for the addresses. */
  readonly keyHosts?: readonly string[]
}

/** @throws RevectorError PROVIDER_KEY_MISSING that names the variable, PROVIDER_KEY_WITHHELD that names the host */
export function requireKey(model: Keyed, environment: KeyEnvironment): string {
  const { modelName, provider, baseUrl = null } = model
  const key = findKey(provider, environment)
  if (key !== undefined) {
    if (baseUrl !== null && !mayHaveKey(provider, baseUrl, environment)) throw withheld({ ...model, baseUrl })
    return key
  }
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

/**
 * The key of a server that may need none: only if the address may have it. A server on this machine, and any other once
 * the operator has named some host, is asked without it.
 *
 * @throws RevectorError PROVIDER_KEY_WITHHELD where nothing says whose key it is
 */
export function optionalKey(
  model: Keyed & { readonly baseUrl: string },
  environment: KeyEnvironment,
): string | undefined {
  const { provider, baseUrl } = model
  const { keyHosts } = environment
  const azure = isOwnHost(provider, baseUrl)
  const named = keyHosts !== undefined && isNamedHost(keyHosts, baseUrl)
  // Azure's key is for Azure alone, unless the host was named.
  const names = keyNames[provider].filter((name) => azure || named || !name.startsWith('AZURE_'))
  const key = firstKey(names, environment)
  if (key === undefined || azure || named || keyHosts === undefined) return key
  if (isOnThisMachine(baseUrl) || keyHosts.length > 0) return undefined
  throw withheld(model)
}

function mayHaveKey(
  provider: ProviderName,
  baseUrl: string,
  { keyHosts }: Pick<KeyEnvironment, 'keyHosts'>,
): boolean {
  return keyHosts === undefined || isOwnHost(provider, baseUrl) || isNamedHost(keyHosts, baseUrl)
}

/** A role that can write to the database can write the address of a model, and would be sent the key. */
function withheld({ modelName, provider, baseUrl }: Keyed & { readonly baseUrl: string }): RevectorError {
  const [variable] = keyNames[provider]
  const origin = originOf(baseUrl)
  return new RevectorError(
    'PROVIDER_KEY_WITHHELD',
    `${variable} was not sent to ${origin}, which the database gives as the address of model ${modelName}: it is not ${provider}'s own, and the configuration does not name it.`,
    {
      hint: `If that server may have the key, set REVECTOR_KEY_HOSTS=${entryFor(baseUrl)} (option keyHosts). If not, correct the model's base URL; a server that needs no key is openai-compatible.`,
      data: { model: modelName, provider, host: origin, variables: keyNames[provider] },
    },
  )
}
