/** Operators of pgvector: `<=>`, `<#>`, `<->`. Belongs to the model; the operator class follows it. */
export type Distance = 'cosine' | 'inner_product' | 'l2'

export const providerNames = [
  'openai',
  'openai-compatible',
  'cohere',
  'google',
  'mistral',
  'voyage',
  'transformers',
  'bundled',
  'lexical-hash',
  // A model that the calling program brings itself (`createRevector({ models })`).
  'custom',
] as const
export type ProviderName = (typeof providerNames)[number]

/**
 * One vector space: what must be equal for two vectors to be comparable. The endpoint's URL is not part of it.
 * Stored as a row of `embedding_models`.
 */
export interface ModelSpec {
  /** Unique name inside this database; what users type. */
  readonly modelName: string
  /** Width of its vectors, 1 to 16,000. */
  readonly dimension: number
  readonly provider: ProviderName
  /** The provider's own name for the model, where it differs from `modelName`. */
  readonly remoteName: string
  /** A provider's revision or snapshot of the model; empty when it has none. */
  readonly revision: string
  /** How token vectors become one, where we do it ourselves: `mean`, `cls`; empty when the provider decides. */
  readonly pooling: string
  /** Whether vectors are scaled to length 1 before they are stored or compared. */
  readonly normalize: boolean
  readonly documentPrefix: string
  readonly queryPrefix: string
  readonly distance: Distance
  /** Endpoint of an OpenAI-compatible server or a proxy; null: the provider's own. Not part of the space. */
  readonly baseUrl: string | null
}

export const modelStates = ['registered', 'filling', 'standby', 'current', 'retired'] as const
export type ModelState = (typeof modelStates)[number]

/** States in which every write of a document reaches the model. */
export const writtenStates = ['current', 'filling', 'standby'] as const satisfies readonly ModelState[]

/** A registered model: a `ModelSpec` with its identity and state. */
export interface Model extends ModelSpec {
  /** `embedding_models.id`, and the partition key of `chunk_embeddings`. */
  readonly id: number
  readonly state: ModelState
  readonly createdAt: Date
}

/** pgvector stores at most this many dimensions in a `vector` column. */
export const maxDimension = 16_000
