import type { ProviderName } from '../../core/model.ts'
import type { Distance } from '../../wire/model.ts'

/**
 * Facts about a provider's model, as data. Each entry says where its facts come from and when they were read.
 */
export interface KnownModel {
  /** The name that users type, unique in the catalogue. */
  readonly modelName: string
  readonly provider: ProviderName
  /** The name at the provider. */
  readonly remoteName: string
  /** The default dimension. */
  readonly dimension: number
  /** Other dimensions that the provider supports: a list, or any whole number in a range. */
  readonly otherDimensions: readonly number[] | { readonly from: number; readonly to: number }
  /** Most tokens of one text; a longer one is embedded in windows. */
  readonly maxInputTokens: number
  /** Most texts in one request. */
  readonly maxBatchItems: number
  /** Most tokens in one request, all texts together; null: no limit is documented. */
  readonly maxBatchTokens: number | null
  /** Whether the provider returns vectors of length 1, at the default dimension. */
  readonly normalized: boolean
  /** How token vectors are combined, if Revector does it; empty if the provider does. */
  readonly pooling: '' | 'mean' | 'cls'
  readonly documentPrefix: string
  readonly queryPrefix: string
  readonly distance: Distance
  /** `cl100k`: counted exactly. `own`: the model's own tokenizer is available. `estimate`: see tokens.ts. */
  readonly tokenizer: 'cl100k' | 'own' | 'estimate'
  /** US dollars per million input tokens; 0: runs on this machine; null: unknown. */
  readonly pricePerMillionTokens: number | null
  /** Day (ISO), or earliest day, on which the provider retires it; null: none announced. */
  readonly retirement: string | null
  /** For the lowest paid tier; null: none documented. */
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** The source of these facts. */
  readonly source: string
  /** Day (ISO) on which they were read. */
  readonly checked: string
}
