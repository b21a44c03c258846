/** One finished request to a provider of embeddings: for metrics. */
export interface ProviderCall {
  readonly model: string
  readonly kind: 'document' | 'query'
  readonly texts: number
  /** As the provider counted, or by our own count. 0 if the request failed. */
  readonly tokens: number
  readonly seconds: number
  /** Null: success. Otherwise the kind of failure: limited, unavailable, garbled, denied, rejected, invalid. */
  readonly failure: string | null
}

export type OnProviderCall = (call: ProviderCall) => void

/** One finished request to a language model: for metrics. Interrupted requests are not reported. */
export interface LanguageModelCall {
  /** `provider:model`. */
  readonly model: string
  /** As the provider counted. 0 if the request failed or the provider did not say. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Until the last word or the failure. */
  readonly seconds: number
  /** Null: success. Otherwise the kind of failure, as for embeddings. */
  readonly failure: string | null
}

export type OnLanguageModelCall = (call: LanguageModelCall) => void
