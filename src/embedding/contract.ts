import type { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnProviderCall } from '../core/provider-call.ts'
import type { ModelSpec } from '../wire/model.ts'

/** Documents and questions may get different prefixes or task types in one space. */
export type InputKind = 'document' | 'query'

export interface Embedded {
  /** One vector per text, in the order of the texts, each exactly `dimension` finite numbers, none all zero. */
  readonly vectors: readonly Float32Array[]
  /** Tokens the provider counted or, where it doesn't say, our own count. */
  readonly tokens: number
}

/** What became of one text: its vector, or why this text alone can't be embedded (`error.data.index` is its place). */
export type EmbedOutcome =
  | { readonly vector: Float32Array; readonly error?: undefined }
  | { readonly vector?: undefined; readonly error: RevectorError }

export interface EmbeddedEach {
  /** One outcome per text, in the order of the texts. */
  readonly outcomes: readonly EmbedOutcome[]
  readonly tokens: number
}

export interface EmbedOptions {
  readonly kind: InputKind
  readonly signal?: AbortSignal
}

export interface EmbedEachOptions extends EmbedOptions {
  /** Told after each request how many of the texts are as good as done: a long one counts by its windows. */
  readonly onEmbedded?: (texts: number) => void
}

/**
 * A model that can be asked for vectors. What comes out has been checked: a wrong width, NaN, zero vector,
 * missing or reordered item is an error, never a result. Any number of texts of any length may be given:
 * batching, limits, retries and windows for long texts are the model's business.
 */
export interface EmbeddingModel {
  readonly spec: ModelSpec
  /** In force for this model: the catalogue's, or the user's. */
  readonly limits: ModelLimits
  /**
   * All or nothing. A failure that belongs to one text names its place in `data.index`.
   *
   * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, PROVIDER_*, RATE_LIMITED, INVALID_INPUT (an empty text), INTERRUPTED
   */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>
  /**
   * As `embed`, but a text that can't be embedded costs the others nothing: its outcome is its error. What
   * concerns every text (a wrong key, an unreachable provider, a wrong width) is still thrown.
   */
  embedEach(texts: readonly string[], options: EmbedEachOptions): Promise<EmbeddedEach>
  /** Ends workers and connections; what is being embedded ends with INTERRUPTED. */
  close(): Promise<void>
}

/** What one user's account or server allows, where it is not what the catalogue says. */
export interface ModelLimits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** Requests under way at once. */
  readonly concurrency: number
  readonly batchItems: number
  readonly batchTokens: number
  /** Tokens of one text; a longer one is embedded in windows. */
  readonly maxInputTokens: number
  /** One request is given up after this many milliseconds, and tried again. */
  readonly requestTimeoutMs: number
  /** Attempts of one request before giving up. */
  readonly maxAttempts: number
}

/** What an account may spend in a minute; null: no such limit is known. */
export type RateLimits = Pick<ModelLimits, 'requestsPerMinute' | 'tokensPerMinute'>

/** Rates that several processes share, kept where all of them can see it. */
export interface SharedRates {
  /**
   * Takes one request of so many tokens from what `key` may spend.
   *
   * @returns 0 when it was taken; otherwise nothing was, and it may be tried again after this many milliseconds
   */
  take(key: string, tokens: number, limits: RateLimits): Promise<number>
  /** Nobody takes anything for this long: the provider asked for it. */
  block(key: string, ms: number): Promise<void>
}

/** What opening a model may need from outside; read by `config.ts`, never by the providers. */
export interface ProviderEnvironment {
  /** Keys by their usual names (`OPENAI_API_KEY`, …). Never logged. */
  readonly keys: Readonly<Record<string, string | undefined>>
  /** Folder of local transformers.js models, then nothing is fetched; null: the hub, by way of `cacheDir`. */
  readonly localModelPath: string | null
  /** Folder where models fetched from the hub are kept. */
  readonly cacheDir: string
  /** By model name: what differs from the catalogue. */
  readonly limits?: Readonly<Record<string, Partial<ModelLimits>>>
  /** Where a provider's limits are shared with other processes; absent: this process has them to itself. */
  readonly sharedRates?: SharedRates
  readonly onProgress?: OnProgress
  /** Told of every request to a provider, as it ended. */
  readonly onProviderCall?: OnProviderCall
}

export type OpenEmbeddingModel = (
  spec: ModelSpec,
  environment: ProviderEnvironment,
) => Promise<EmbeddingModel>
