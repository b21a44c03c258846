import type { ChunkId, DocumentId, Metadata } from './document.ts'

/** A chunk found. `distance` is what Postgres returned; `score` is higher for better. Never mixed. */
export interface Hit {
  /** 1-based. */
  readonly rank: number
  readonly chunkId: ChunkId
  readonly documentId: DocumentId
  readonly title: string
  readonly content: string
  /** Cosine: 1 − distance. Inner product: −distance. L2: 1 / (1 + distance). Fused lists: the fusion's own score. */
  readonly score: number
  /** In the space of the hit's best-ranking model. */
  readonly distance: number
  /** By model name: where that model ranked the chunk, and at what distance. Spaces are never compared. */
  readonly models: Readonly<Record<string, { readonly rank: number; readonly distance: number }>>
  /** The document's metadata. */
  readonly metadata: Metadata
  readonly source: string | null
  readonly headingPath: readonly string[]
  readonly page: number | null
  readonly startOffset: number | null
  readonly endOffset: number | null
}

export type Aggregation = 'union' | 'intersection'

/** What a search may be narrowed to. All given parts must hold. */
export interface SearchFilter {
  readonly documentIds?: readonly DocumentId[]
  /** Case-insensitive substring of the title. */
  readonly title?: string
  /** The document's metadata contains this (jsonb `@>`). */
  readonly metadata?: Metadata
  /** Document created at or after / before. */
  readonly createdAfter?: Date
  readonly createdBefore?: Date
}

/** With which models of an open migration to search: the current one, the target as far as it is filled, or both. */
export type Serve = 'source' | 'target' | 'both'

/** How a search that named `serve` was answered. */
export interface Serving {
  readonly asked: Serve
  readonly served: Serve
  /** Null: no migration away from the current model was open. */
  readonly migrationId: string | null
  /** Chunks of the calibration sample by which the models' scores were compared; null where one answered alone. */
  readonly samplePairs: number | null
  /** Why another was served than asked for; null where it was not. */
  readonly reason: string | null
}

export interface SearchResult {
  readonly query: string
  readonly models: readonly string[]
  readonly aggregation: Aggregation | null
  /** By model: chunks with a vector / chunks, over what the search could see. 1 is complete. */
  readonly coverage: Readonly<Record<string, number>>
  readonly hits: readonly Hit[]
  /** Present when the request named `serve`. */
  readonly serving?: Serving
  readonly tookMs: number
}
