import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { ident, type Sql, sql } from '../postgres/sql.ts'

/** Type of an id column, as in a cast: `${ids}::bigint[]`. */
export const idTypes = ['smallint', 'integer', 'bigint', 'uuid', 'text'] as const
export type IdType = (typeof idTypes)[number]

export interface TableName {
  readonly schema: string
  readonly name: string
}

/**
 * Where documents and chunk texts are in this database, by physical column names. A database that Revector
 * created has the snake_case of the keys; an adopted one keeps its tables, and what they lacked was added.
 * There, any added column may be NULL in existing rows.
 */
export interface Layout {
  readonly documents: {
    readonly table: TableName
    readonly id: string
    readonly idType: IdType
    readonly title: string
    readonly content: string
    readonly source: string
    readonly mediaType: string
    readonly contentHash: string
    readonly metadata: string
    readonly createdAt: string
    readonly updatedAt: string
  }
  readonly chunks: {
    readonly table: TableName
    readonly id: string
    readonly idType: IdType
    readonly documentId: string
    readonly content: string
    readonly position: string
    readonly contentHash: string
    readonly startOffset: string
    readonly endOffset: string
    readonly headingPath: string
    readonly page: string
    readonly tokenCount: string
  }
  /** Set: the tables above are views of an application's table, which is only read. */
  readonly place?: Place
  /** Set: another model's vectors lie in a table like the application's, for its next deployment. */
  readonly exposed?: Exposed
}

/** A table that was made like the application's, for another model. */
export interface Exposed {
  readonly modelId: number
  /** Whose vectors are in the application's own table. */
  readonly firstModelId: number
  readonly place: Place
  /** Whether a row is in either table only once it has its vector there: the column is NOT NULL. */
  readonly required: boolean
  /** Whether all vectors of the model are there. Until then they are in the model's own table, too. */
  readonly complete: boolean
}

/**
 * Where an application keeps what Revector searches: its own tables, which stay what they are. Expressions are SQL over the
 * columns of `table`, as the operator gave them or as they were found.
 */
export interface Place {
  /** Holds the chunks' texts. */
  readonly table: TableName
  /** A unique column, or the names of several, joined by commas. */
  readonly id: string
  readonly idType: IdType
  /** Set: ids are texts made of these columns; `chunk_keys` leads from an id to its row. */
  readonly key?: readonly KeyColumn[]
  /** Set: no unique index keeps the key unique; it was checked when the table was adopted. */
  readonly unproved?: boolean
  /** Rows for which it is equal are one document; absent: each row is one. */
  readonly documentKey?: string
  readonly text: string
  readonly title: string
  readonly source: string
  /** Of type jsonb. */
  readonly metadata: string
  readonly createdAt?: string
  readonly updatedAt?: string
  /** Limits the rows; null: all of them. */
  readonly where: string | null
  readonly vectors: VectorPlace
  /** Whether the first model was asked, and made the vectors that are stored. */
  readonly verified?: boolean
  /** Revector makes the vectors of the application's column, where rows lack them or their texts change. */
  readonly maintained?: boolean
  /** The side table is not complete: the adoption was interrupted. */
  readonly unfinished?: boolean
}

export interface KeyColumn {
  readonly column: string
  /** As `format_type` spells it. */
  readonly type: string
  /** The operator of its equality, where the search path does not find it. */
  readonly equals?: string
}

/** Where the first model's vectors lie: the same table, or one that refers to it. */
export interface VectorPlace {
  readonly table: TableName
  /** The column that holds the chunk's id. */
  readonly key: string
  /** The columns that hold its key, in the order of `Place.key`, where that is set. */
  readonly keys?: readonly string[]
  /** Limits the rows of a table of its own. */
  readonly where?: string
  /** Set: no unique index keeps `key` unique; it was checked when the table was adopted. */
  readonly unproved?: boolean
  readonly column: string
  /**
   * `vector` without a dimension is read as `vector(N)`, as an index on it has to be. Arrays, JSON and text are copied into
   * the first model's own table.
   */
  readonly type: 'vector' | 'vector(N)' | 'halfvec(N)' | 'array' | 'json' | 'text'
  readonly dimension: number
  /** The application's own index, where it differs from what Revector would make. */
  readonly indexed?: {
    readonly form: 'vector' | 'halfvec' | 'bit'
    readonly distance: 'cosine' | 'inner_product' | 'l2'
  }
  /** The model whose vectors they are. Absent: 1, the first. */
  readonly modelId?: number
}

export function ownLayout(schema: string): Layout {
  return {
    documents: {
      table: { schema, name: 'documents' },
      id: 'id',
      idType: 'bigint',
      title: 'title',
      content: 'content',
      source: 'source',
      mediaType: 'media_type',
      contentHash: 'content_hash',
      metadata: 'metadata',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
    chunks: {
      table: { schema, name: 'chunks' },
      id: 'id',
      idType: 'bigint',
      documentId: 'document_id',
      content: 'content',
      position: 'position',
      contentHash: 'content_hash',
      startOffset: 'start_offset',
      endOffset: 'end_offset',
      headingPath: 'heading_path',
      page: 'page',
      tokenCount: 'token_count',
    },
  }
}

/** The quoted, schema-qualified table. */
export function tableOf(name: TableName): Sql {
  return ident(name.schema, name.name)
}

/**
 * Reads the layout once, at start.
 *
 * @throws RevectorError SCHEMA_MISSING when the database has not been set up
 */
export async function loadLayout(db: Queryable): Promise<Layout> {
  const { rows: exists } = await db.query<{ found: boolean }>(
    sql`select to_regclass('revector_layout') is not null as found`,
  )
  if (exists[0]?.found === true) {
    const { rows } = await db.query<{ layout: Layout }>(sql`select layout from revector_layout`)
    if (rows[0] !== undefined) return rows[0].layout
  }
  throw new RevectorError('SCHEMA_MISSING', 'The database has not been set up: it has no revector_layout.', {
    hint: 'Run `revector db init`.',
  })
}

export async function saveLayout(tx: Queryable, layout: Layout): Promise<void> {
  await tx.query(sql`
    insert into revector_layout (layout) values (${JSON.stringify(layout)}::jsonb)
    on conflict (only_one) do update set layout = excluded.layout`)
}
