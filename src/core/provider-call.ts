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
