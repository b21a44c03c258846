import type { ProviderName } from '../../core/model.ts'
import type { Distance } from '../../wire/model.ts'

/** What is known of a provider's model, as data. Each entry says where its facts come from and when they were read. */
export interface KnownModel {
  /** What users type, unique in the catalogue. */
  readonly modelName: string
  readonly provider: ProviderName
  /** The provider's own name for it. */
  readonly remoteName: string
  /** Width when nothing else is asked for. */
  readonly dimension: number
  /** Other widths the provider gives on request: a list, or any whole number in a range. */
  readonly otherDimensions: readonly number[] | { readonly from: number; readonly to: number }
  /** Tokens of one text; a longer one is embedded in windows. */
  readonly maxInputTokens: number
  /** Texts in one request. */
  readonly maxBatchItems: number
  /** Tokens in one request, all texts together; null: no such limit is documented. */
  readonly maxBatchTokens: number | null
  /** Whether its vectors have length 1 as they come, at the default width. */
  readonly normalized: boolean
  /** How token vectors become one, where we do it ourselves; empty when the provider decides. */
  readonly pooling: '' | 'mean' | 'cls'
  readonly documentPrefix: string
  readonly queryPrefix: string
  readonly distance: Distance
  /** `cl100k`: counted exactly. `own`: the model's own tokenizer is at hand. `estimate`: see tokens.ts. */
  readonly tokenizer: 'cl100k' | 'own' | 'estimate'
  /** US dollars per million input tokens; 0: runs on this machine; null: not known. */
  readonly pricePerMillionTokens: number | null
  /** Day (ISO) on which, or earliest on which, the provider switches it off; null: none announced. */
  readonly retirement: string | null
  /** Of the lowest paid tier; null: none documented. */
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** Where these facts were read. */
  readonly source: string
  /** Day (ISO) on which they were read. */
  readonly checked: string
}
