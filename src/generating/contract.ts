import type { LanguageProviderName } from '../core/language-provider.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnLanguageModelCall } from '../core/provider-call.ts'
import type { Keys } from '../hosted/keys.ts'
import type { TokenUsage } from '../wire/answer.ts'

/** Which language model answers, and within which limits. */
export interface LanguageModelSpec {
  readonly provider: LanguageProviderName
  /** The model's name at the provider. */
  readonly model: string
  /** Null: the provider's own URL. */
  readonly baseUrl: string | null
  /** Most tokens of an answer. */
  readonly maxOutputTokens: number
  /** Most tokens of prompt and answer together. */
  readonly contextTokens: number
  /** Milliseconds without a sign of life after which a request fails. */
  readonly timeoutMs: number
  /** Attempts of one request before the first word of an answer. */
  readonly maxAttempts: number
}

export interface Prompt {
  /** The instructions. Contains only text of ours. */
  readonly system: string
  /** The passages and the question. */
  readonly user: string
}

export type Generated =
  | { readonly type: 'text'; readonly text: string }
  /** The last part. `cut`: the answer reached the most tokens allowed. */
  | { readonly type: 'end'; readonly cut: boolean; readonly usage: TokenUsage | null }

export interface LanguageModel {
  /** `provider:model`. */
  readonly name: string
  readonly spec: LanguageModelSpec
  /**
   * The model's words as they arrive, then one `end`. A failure before the first word is retried as the
   * provider asks; a text that breaks off is an error, never a shorter answer. Leaving the loop early ends the
   * request.
   *
   * @throws RevectorError PROVIDER_*, RATE_LIMITED, INTERRUPTED
   */
  generate(prompt: Prompt, options?: { readonly signal?: AbortSignal }): AsyncIterable<Generated>
}

export interface LanguageEnvironment {
  readonly keys: Keys
  readonly onProgress?: OnProgress
  /** Called with every finished request. */
  readonly onLanguageModelCall?: OnLanguageModelCall
}
