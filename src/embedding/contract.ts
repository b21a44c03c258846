import type { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnProviderCall } from '../core/provider-call.ts'
import type { ModelSpec } from '../wire/model.ts'

/** Documents and questions may have different prefixes or task types in one space. */
export type InputKind = 'document' | 'query'

export interface Embedded {
  /**
   * One vector per text, in the order of the texts, each of exactly `dimension` finite numbers, none all zero.
   */
  readonly vectors: readonly Float32Array[]
  /** Tokens as the provider counted, or by our own count if it doesn't say. */
  readonly tokens: number
}

/**
 * The result of one text: its vector, or why this text can't be embedded (`error.data.index` is its position).
 */
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
  /** Called after each request with the number of texts that are done; a long one counts by its windows. */
  readonly onEmbedded?: (texts: number) => void
}

/**
 * A model that makes vectors. Its results have been checked: a wrong dimension, NaN, zero vector, missing or
 * reordered item is an error, never a result. It accepts any number of texts of any length: batching, limits,
 * retries and windows for long texts are the model's task.
 */
export interface EmbeddingModel {
  readonly spec: ModelSpec
  /** The limits of this model: the catalogue's, or the user's. */
  readonly limits: ModelLimits
  /**
   * All or nothing. A failure that belongs to one text has its position in `data.index`.
   *
   * @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, PROVIDER_*, RATE_LIMITED, INVALID_INPUT (an empty text), INTERRUPTED
   */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>
  /**
   * As `embed`, but a text that can't be embedded does not affect the others: its outcome is its error. What
   * concerns every text (a wrong key, an unreachable provider, a wrong dimension) is still thrown.
   */
  embedEach(texts: readonly string[], options: EmbedEachOptions): Promise<EmbeddedEach>
  /** Ends workers and connections; texts in flight fail with INTERRUPTED. */
  close(): Promise<void>
}

/** What one user's account or server allows, if it differs from the catalogue. */
export interface ModelLimits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** Requests in flight at once. */
  readonly concurrency: number
  readonly batchItems: number
  readonly batchTokens: number
  /** Most tokens of one text; a longer one is embedded in windows. */
  readonly maxInputTokens: number
  /** A request that takes longer, in milliseconds, is aborted and retried. */
  readonly requestTimeoutMs: number
  /** Attempts of one request before giving up. */
  readonly maxAttempts: number
}

/** What an account may spend in a minute; null: no limit is known. */
export type RateLimits = Pick<ModelLimits, 'requestsPerMinute' | 'tokensPerMinute'>

/** Rates that several processes share, stored where all of them can see them. */
export interface SharedRates {
  /**
   * Takes one request with that many tokens from the budget of `key`.
   *
   * @returns 0 if it was taken; otherwise nothing was taken, and the milliseconds after which to try again
   */
  take(key: string, tokens: number, limits: RateLimits): Promise<number>
  /** Blocks the budget for this long, because the provider asked for it. */
  block(key: string, ms: number): Promise<void>
}

/** What opening a model may need from outside; read by `config.ts`, never by the providers. */
export interface ProviderEnvironment {
  /** Keys by their usual names (`OPENAI_API_KEY`, …). Never logged. */
  readonly keys: Readonly<Record<string, string | undefined>>
  /** Hosts beside the providers' own to which keys may be sent; undefined: the caller answers for the addresses. */
  readonly keyHosts?: readonly string[]
  /**
   * Folder of local transformers.js models: nothing is downloaded then; null: the hub, by way of `cacheDir`.
   */
  readonly localModelPath: string | null
  /** Folder for models downloaded from the hub. */
  readonly cacheDir: string
  /** By model name: what differs from the catalogue. */
  readonly limits?: Readonly<Record<string, Partial<ModelLimits>>>
  /** Where a provider's limits are shared with other processes; if not set, this process has them to itself. */
  readonly sharedRates?: SharedRates
  readonly onProgress?: OnProgress
  /** Called with every finished request to a provider. */
  readonly onProviderCall?: OnProviderCall
}

export type OpenEmbeddingModel = (
  spec: ModelSpec,
  environment: ProviderEnvironment,
) => Promise<EmbeddingModel>
