import type { ModelSpec } from '../core/model.ts'
import type { OnProgress } from '../core/progress.ts'

/** Documents and questions may get different prefixes or task types in one space. */
export type InputKind = 'document' | 'query'

export interface Embedded {
  /** One vector per text, in the order of the texts, each exactly `dimension` finite numbers, none all zero. */
  readonly vectors: readonly Float32Array[]
  /** Tokens the provider counted or, where it doesn't say, our own count. */
  readonly tokens: number
}

export interface EmbedOptions {
  readonly kind: InputKind
  readonly signal?: AbortSignal
}

/**
 * A model that can be asked for vectors. What comes out has been checked: a wrong width, NaN, zero vector,
 * missing or reordered item is an error, never a result. Any number of texts of any length may be given:
 * batching, limits, retries and windows for long texts are the model's business.
 */
export interface EmbeddingModel {
  readonly spec: ModelSpec
  /** @throws RevectorError EMBEDDING_DIMENSION_MISMATCH, PROVIDER_*, RATE_LIMITED, INVALID_INPUT (an empty text), INTERRUPTED */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Embedded>
  /** Ends workers and connections. */
  close(): Promise<void>
}

/** What opening a model may need from outside; read by `config.ts`, never by the providers. */
export interface ProviderEnvironment {
  /** Keys by their usual names (`OPENAI_API_KEY`, …). Never logged. */
  readonly keys: Readonly<Record<string, string | undefined>>
  /** Folder of local transformers.js models; null: the library's own cache and the hub. */
  readonly localModelPath: string | null
  /** Folder where derived files (the bundled model's graph) are kept. */
  readonly cacheDir: string
  readonly onProgress?: OnProgress
}

export type OpenEmbeddingModel = (
  spec: ModelSpec,
  environment: ProviderEnvironment,
) => Promise<EmbeddingModel>
