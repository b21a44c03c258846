import type { IdType, TableName } from '../layout.ts'

/**
 * Where an application keeps what Revector searches: its own tables, which stay what they are. Expressions are SQL over the
 * columns of `table`, as the operator gave them or as they were found.
 */
export interface Place {
  /** Holds the chunks' texts. */
  readonly table: TableName
  /** A unique column. */
  readonly id: string
  readonly idType: IdType
  readonly text: string
  readonly title: string
  readonly source: string
  /** Of type jsonb. */
  readonly metadata: string
  /** Limits the rows; null: all of them. */
  readonly where: string | null
  readonly vectors: VectorPlace
  /** Whether the first model was asked, and made the vectors that are stored. */
  readonly verified?: boolean
}

/** Where the first model's vectors lie: the same table, or one that refers to it. */
export interface VectorPlace {
  readonly table: TableName
  /** The column that holds the chunk's id. */
  readonly key: string
  readonly column: string
  /** `vector` without a dimension is read as `vector(N)`, as an index on it has to be. */
  readonly type: 'vector' | 'vector(N)' | 'halfvec(N)'
  readonly dimension: number
}
