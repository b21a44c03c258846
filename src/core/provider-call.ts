/** One request to a provider of embeddings, as it ended: for metrics. */
export interface ProviderCall {
  readonly model: string
  readonly kind: 'document' | 'query'
  readonly texts: number
  /** As the provider counted, or our own count. 0 where it failed. */
  readonly tokens: number
  readonly seconds: number
  /** Null: it went well. Otherwise the kind of failure: limited, unavailable, garbled, denied, rejected, invalid. */
  readonly failure: string | null
}

export type OnProviderCall = (call: ProviderCall) => void

/** One request to a language model, as it ended: for metrics. What was interrupted is not told. */
export interface LanguageModelCall {
  /** `provider:model`. */
  readonly model: string
  /** As the provider counted. 0 where it failed or did not say. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Until the last word, or the failure. */
  readonly seconds: number
  /** Null: it went well. Otherwise the kind of failure, as of a request for embeddings. */
  readonly failure: string | null
}

export type OnLanguageModelCall = (call: LanguageModelCall) => void
