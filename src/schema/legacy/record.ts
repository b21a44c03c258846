import type { ModelSpec } from '../../wire/model.ts'
import type { Layout, TableName } from '../layout.ts'

/** Table and column names that the caller may specify for a database of another application. */
export interface TableChoices {
  readonly chunksTable?: string
  readonly chunkTextColumn?: string
  readonly documentsTable?: string
  readonly titleColumn?: string
}

/** The model that made the old vectors. Dimension and distance come from the table and its index. */
export type FirstModel = Pick<ModelSpec, 'modelName'> & Partial<ModelSpec>

/** A column that is added to a table of the owner's. Instant: no value is written. */
export interface AddedColumn {
  readonly table: TableName
  readonly column: string
  /** Type and, if existing rows get a constant, NOT NULL and DEFAULT. */
  readonly definition: string
  /** Default for new rows only. */
  readonly laterDefault: string | null
}

/** A default for a required column that has none, so that ingest can add rows. */
export interface AddedDefault {
  readonly table: TableName
  readonly column: string
  readonly expression: string
  /** The previous default, to be restored. */
  readonly previous: string | null
  /** A sequence to be created for it, which starts above the highest value. */
  readonly sequence: string | null
}

export interface AddedIndex {
  readonly table: TableName
  readonly name: string
  readonly unique: boolean
  /** `(a, b) where …`, quoted. */
  readonly body: string
  /** The column that a unique index keeps unique, for the refusal that names duplicates. */
  readonly key: string | null
}

/** The owner's HNSW index with its definition, in case a bulk load has replaced it before a rollback. */
export interface AdoptedHnswIndex {
  readonly name: string
  readonly definition: string
}

/** An identity column, which a partition may not have: a sequence default replaces it. */
export interface IdentityFacts {
  readonly column: string
  readonly kind: 'always' | 'by default'
  readonly sequence: TableName
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cache: string
  readonly cycle: boolean
}

export interface OwnedSequence {
  readonly column: string
  readonly sequence: TableName
}

/**
 * Everything that the adoption of a table does, decided before the first change and stored in
 * `revector_revisions`: resuming follows it, a rollback undoes it.
 */
export interface Adoption {
  readonly kind: 'adoption'
  readonly table: TableName
  /** The previous name of the vector column. */
  readonly column: string
  readonly dimension: number
  readonly rows: number
  readonly bytes: number
  /** 0: the table is empty and no model was named. */
  readonly modelId: number
  readonly model: ModelSpec | null
  /** False if the owner's table already had a constant `model_id`. */
  readonly addsModelId: boolean
  /** False if the table had an `id`; otherwise it gets one, 0 in existing rows. */
  readonly addsId: boolean
  readonly owner: string
  readonly comment: string | null
  readonly layout: Layout
  readonly createsDocuments: boolean
  readonly columns: readonly AddedColumn[]
  readonly defaults: readonly AddedDefault[]
  readonly indexes: readonly AddedIndex[]
  /** From `chunk_id`, if there was none. */
  readonly addsForeignKey: boolean
  /** The owner's HNSW index that becomes the model's; null: one is built. */
  readonly adoptedHnswIndex: AdoptedHnswIndex | null
  readonly hnswIndex: string
  readonly identities: readonly IdentityFacts[]
  readonly sequences: readonly OwnedSequence[]
  /** Columns whose NOT NULL would prevent rows of other models. */
  readonly optional: readonly string[]
  readonly warnings: readonly string[]
  /** Set when a rollback has begun. */
  readonly rollingBack?: boolean
}

/** Name of the constraint, index or sequence of the adoption, by its purpose. */
export function adoptionNames(modelId: number): {
  readonly unique: string
  readonly modelCheck: string
  readonly chunkCheck: string
  readonly foreignKey: string
} {
  const table = `chunk_embeddings_model_${modelId}`
  return {
    unique: `${table}_chunk_id_model_id_key`,
    modelCheck: `${table}_model_id_check`,
    chunkCheck: `${table}_chunk_id_check`,
    foreignKey: `${table}_chunk_id_fkey`,
  }
}
