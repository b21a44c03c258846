import type { LanguageProviderName } from '../core/language-provider.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnLanguageModelCall } from '../core/provider-call.ts'
import type { Keys } from '../hosted/keys.ts'
import type { TokenUsage } from '../wire/answer.ts'

/** Which language model is asked, and within which limits. */
export interface LanguageModelSpec {
  readonly provider: LanguageProviderName
  /** The provider's name of the model. */
  readonly model: string
  /** Null: the provider's own address. */
  readonly baseUrl: string | null
  /** Tokens that an answer may have. */
  readonly maxOutputTokens: number
  /** Tokens that prompt and answer may have together. */
  readonly contextTokens: number
  /** Milliseconds without a sign of life after which a request is given up. */
  readonly timeoutMs: number
  /** Attempts of one request before the first word of an answer. */
  readonly maxAttempts: number
}

export interface Prompt {
  /** What the model is to do. Only our own words. */
  readonly system: string
  /** The passages and the question. */
  readonly user: string
}

export type Generated =
  | { readonly type: 'text'; readonly text: string }
  /** The last one. `cut`: at the most tokens that an answer may have. */
  | { readonly type: 'end'; readonly cut: boolean; readonly usage: TokenUsage | null }

export interface LanguageModel {
  /** `provider:model`. */
  readonly name: string
  readonly spec: LanguageModelSpec
  /**
   * The model's words as they come, then one `end`. What fails before the first word is tried again as the provider asks;
   * a text that breaks off is an error, never a shorter answer. Leaving the loop early ends the request.
   *
   * @throws RevectorError PROVIDER_*, RATE_LIMITED, INTERRUPTED
   */
  generate(prompt: Prompt, options?: { readonly signal?: AbortSignal }): AsyncIterable<Generated>
}

export interface LanguageEnvironment {
  readonly keys: Keys
  readonly onProgress?: OnProgress
  /** Told of every request, as it ended. */
  readonly onLanguageModelCall?: OnLanguageModelCall
}
