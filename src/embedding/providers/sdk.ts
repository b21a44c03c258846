import { toFailure } from '../../hosted/sdk-failure.ts'
import type { InputKind } from '../contract.ts'
import type { RawModel } from '../raw-model.ts'

/**
 * The part of the AI SDK's `EmbeddingModelV3` that is used here. `doEmbed` is one HTTP request: the SDK's own
 * `embedMany` would batch and retry below the layers that do so for every provider, and drop the `index`
 * fields.
 */
interface SdkEmbeddingModel {
  doEmbed(options: {
    values: string[]
    abortSignal?: AbortSignal
    providerOptions?: Record<string, Record<string, string | number | boolean>>
  }): PromiseLike<{ embeddings: number[][]; usage?: { tokens: number }; response?: { body?: unknown } }>
}

export type SdkOptions = Record<string, Record<string, string | number | boolean>>

export function sdkModel(
  model: SdkEmbeddingModel,
  optionsFor: (kind: InputKind) => SdkOptions,
  secrets: readonly (string | undefined)[],
): RawModel {
  return {
    async embedBatch(texts, kind, signal) {
      try {
        const reply = await model.doEmbed({
          values: [...texts],
          abortSignal: signal,
          providerOptions: optionsFor(kind),
        })
        return {
          vectors: reply.embeddings,
          indexes: indexesOf(reply.response?.body),
          tokens: reply.usage?.tokens ?? null,
        }
      } catch (error) {
        // After an abort, the caller knows the reason.
        if (signal.aborted) throw error
        throw toFailure(error, secrets)
      }
    },
  }
}

/** `data[].index` of OpenAI's wire format; null if the format has no such field. */
function indexesOf(body: unknown): number[] | null {
  const data = (body as { data?: unknown } | null | undefined)?.data
  if (!Array.isArray(data)) return null
  const indexes = data.map((item: { index?: unknown } | null) => item?.index)
  return indexes.every((index) => typeof index === 'number') ? indexes : null
}
