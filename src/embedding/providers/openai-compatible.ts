import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { RevectorError } from '../../core/errors.ts'
import { optionalKey } from '../../hosted/keys.ts'
import { type ServedAt, servedAt } from '../../hosted/served-at.ts'
import type { ModelSpec } from '../../wire/model.ts'
import { givesDimension, knownModelOf } from '../catalogue.ts'
import type { ProviderEnvironment } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'
import { type SdkOptions, sdkModel } from './sdk.ts'

/**
 * Ollama, vLLM, TEI, LM Studio, llama.cpp and others that support OpenAI's format; a key is only sent if one is
 * set and the configuration names the host. Azure: the deployment's URL with its `?api-version=…`, or `https://NAME.openai.azure.com/openai/v1`; its
 * key is sent in the `api-key` header.
 */
export function openOpenaiCompatible(spec: ModelSpec, environment: ProviderEnvironment): RawModel {
  const { baseURL, queryParams, isAzure } = readBaseUrl(spec)
  const apiKey = optionalKey({ ...spec, baseUrl: baseURL }, environment)
  const provider = createOpenAICompatible({
    name: 'served',
    baseURL,
    queryParams,
    ...(apiKey === undefined ? {} : isAzure ? { headers: { 'api-key': apiKey } } : { apiKey }),
  })
  const known = knownModelOf(spec)
  // Many servers reject the parameter, so it is only sent for models that are known to support it.
  const shortened =
    known !== undefined && known.dimension !== spec.dimension && givesDimension(known, spec.dimension)
  const options: SdkOptions = shortened ? { served: { dimensions: spec.dimension } } : {}
  return sdkModel(provider.embeddingModel(spec.remoteName), () => options, [apiKey])
}

function readBaseUrl(spec: ModelSpec): ServedAt {
  const served = spec.baseUrl === null ? null : servedAt(spec.baseUrl)
  if (served !== null) return served
  throw new RevectorError('INVALID_INPUT', `Model ${spec.modelName} needs the http(s) URL of its server.`, {
    hint: 'Register it with --base-url, for Ollama http://127.0.0.1:11434/v1.',
    data: { model: spec.modelName },
  })
}
