import type { IdType } from '../layout.ts'
import { type ColumnFacts, columnOf, isTextType, isUnique, type TableFacts } from './table-facts.ts'

/**
 * How columns of another application are matched to Revector's: by well-known names and suitable types. Pure:
 * it decides from catalog facts alone, and its decisions are shown before anything changes.
 */

export const wellKnown = {
  chunksTables: ['chunks', 'document_chunks', 'doc_chunks', 'text_chunks', 'passages'],
  documentsTables: ['documents', 'docs', 'sources', 'files', 'articles', 'pages'],
  text: [
    'content',
    'text',
    'chunk_text',
    'body',
    'chunk',
    'chunk_content',
    'page_content',
    'passage',
    'passage_text',
  ],
  title: [
    'title',
    'name',
    'document_title',
    'document_name',
    'doc_title',
    'file_name',
    'filename',
    'subject',
    'headline',
    'heading',
    'label',
  ],
  documentText: ['content', 'text', 'body', 'full_text', 'raw_text', 'document_text', 'markdown'],
  documentId: ['document_id', 'doc_id', 'documentid', 'source_id', 'file_id', 'article_id'],
  source: [
    'source',
    'source_uri',
    'source_url',
    'uri',
    'url',
    'file_path',
    'filepath',
    'path',
    'filename',
    'file_name',
  ],
  position: [
    'position',
    'chunk_index',
    'chunk_number',
    'chunk_no',
    'chunk_order',
    'ordinal',
    'sequence',
    'seq',
    'idx',
    'index',
    'ord',
  ],
} as const

export const integerTypes = ['smallint', 'integer', 'bigint']
const textTypes = ['text', 'character varying']
/** A value without time zone is read in the session's time zone. */
const timeTypes = ['timestamp with time zone', 'timestamp without time zone']

/** A column that Revector needs: the owner's table has it, or it is added. */
export interface WantedColumn {
  /** Property of the layout. */
  readonly key: string
  /** Names that the owner may use; the first is the name it is added with. */
  readonly names: readonly string[]
  readonly types: readonly string[]
  /** A text column with a shorter declared length is not suitable. */
  readonly minimumLength?: number
  /** The owner's column is only suitable if the database keeps its values unique. */
  readonly unique?: boolean
  /** The type of an added column. */
  readonly type: string
  readonly laterDefault?: string
}

export const documentColumns: readonly WantedColumn[] = [
  { key: 'content', names: wellKnown.documentText, types: ['text'], type: 'text' },
  {
    key: 'source',
    names: wellKnown.source,
    types: textTypes,
    minimumLength: 200,
    unique: true,
    type: 'text',
  },
  {
    key: 'mediaType',
    names: ['media_type', 'mime_type', 'content_type'],
    types: textTypes,
    minimumLength: 100,
    type: 'text',
  },
  { key: 'contentHash', names: ['content_hash'], types: textTypes, minimumLength: 64, type: 'text' },
  { key: 'metadata', names: ['metadata'], types: ['jsonb'], type: 'jsonb' },
  { key: 'createdAt', names: ['created_at'], types: timeTypes, type: 'timestamptz', laterDefault: 'now()' },
  { key: 'updatedAt', names: ['updated_at'], types: timeTypes, type: 'timestamptz', laterDefault: 'now()' },
]

export const chunkColumns: readonly WantedColumn[] = [
  { key: 'position', names: wellKnown.position, types: ['integer', 'bigint'], type: 'int' },
  { key: 'contentHash', names: ['content_hash'], types: textTypes, minimumLength: 64, type: 'text' },
  { key: 'startOffset', names: ['start_offset'], types: ['integer', 'bigint'], type: 'int' },
  { key: 'endOffset', names: ['end_offset'], types: ['integer', 'bigint'], type: 'int' },
  { key: 'headingPath', names: ['heading_path'], types: ['text[]'], type: 'text[]' },
  { key: 'page', names: ['page', 'page_number'], types: ['integer', 'bigint'], type: 'int' },
  { key: 'tokenCount', names: ['token_count'], types: ['integer', 'bigint'], type: 'int' },
]

export interface Mapped {
  /** Property of the layout → physical column. */
  readonly columns: Readonly<Record<string, string>>
  readonly added: readonly {
    readonly column: string
    readonly type: string
    readonly laterDefault: string | null
  }[]
}

/**
 * Finds each wanted column in the table, or a name for an added one: `revector_<name>` if the name is taken.
 */
export function mapColumns(
  table: TableFacts,
  wanted: readonly WantedColumn[],
  taken: readonly string[],
): Mapped {
  const used = new Set(taken)
  const columns: Record<string, string> = {}
  const added: { column: string; type: string; laterDefault: string | null }[] = []
  for (const want of wanted) {
    const found = want.names
      .map((name) => columnOf(table, name))
      .find((column) => column !== undefined && !used.has(column.name) && suits(table, column, want))
    const name = found?.name ?? freeName(table, want.names[0] ?? want.key)
    columns[want.key] = name
    used.add(name)
    if (found === undefined)
      added.push({ column: name, type: want.type, laterDefault: want.laterDefault ?? null })
  }
  return { columns, added }
}

function suits(table: TableFacts, column: ColumnFacts, want: WantedColumn): boolean {
  return (
    want.types.includes(column.baseType) &&
    !column.generated &&
    (column.modifier === null || column.modifier >= (want.minimumLength ?? 0)) &&
    (want.unique !== true || isUnique(table, column.name, { partial: true }))
  )
}

export function freeName(table: TableFacts, name: string): string {
  return columnOf(table, name) === undefined ? name : `revector_${name}`
}

/** The column by one of the well-known names that holds text. */
export function textColumn(table: TableFacts, names: readonly string[]): string | null {
  const named = names.find((name) => {
    const column = columnOf(table, name)
    return column !== undefined && isText(column) && !column.generated
  })
  return named ?? null
}

/** Columns that could be a chunk's text: text columns that are neither key nor reference. */
export function textCandidates(table: TableFacts): string[] {
  const keys = new Set([
    ...table.foreignKeys.flatMap((key) => key.columns),
    ...table.indexes.filter((index) => index.unique).flatMap((index) => index.columns),
  ])
  return table.columns
    .filter((column) => isText(column) && !column.generated && !keys.has(column.name))
    .map((column) => column.name)
}

export function isText(column: ColumnFacts): boolean {
  return isTextType(column)
}

/** The cast for ids of this column; null for a type that can't be an id here. */
export function idTypeOf(column: ColumnFacts): IdType | null {
  if (column.baseType === 'uuid') return 'uuid'
  if (textTypes.includes(column.baseType)) return 'text'
  if (column.baseType === 'smallint' || column.baseType === 'integer' || column.baseType === 'bigint') {
    return column.baseType
  }
  return null
}

/** Whether values of both types can be the same id. */
export function comparable(one: ColumnFacts, other: ColumnFacts): boolean {
  const a = idTypeOf(one)
  const b = idTypeOf(other)
  if (a === null || b === null) return false
  return a === b || (integerTypes.includes(a) && integerTypes.includes(b))
}

/** How the database makes a new id for an id column without a default; null if it can't. */
export function idDefault(column: ColumnFacts): string | null {
  if (column.baseType === 'uuid') return 'gen_random_uuid()'
  if (textTypes.includes(column.baseType) && (column.modifier === null || column.modifier >= 36)) {
    return 'gen_random_uuid()::text'
  }
  return null
}

/** A neutral value for a required column that Revector does not know; null if there is none. */
export function neutralDefault(table: TableFacts, column: ColumnFacts): string | null {
  if (table.indexes.some((index) => index.unique && index.columns.includes(column.name))) return null
  if (table.foreignKeys.some((key) => key.columns.includes(column.name))) return null
  if (column.domain) return null
  if (column.category === 'S') return "''"
  if (column.category === 'N' && column.baseType !== 'oid' && !column.baseType.startsWith('reg')) return '0'
  if (column.category === 'B') return 'false'
  if (column.category === 'A') return "'{}'"
  if (column.baseType === 'json' || column.baseType === 'jsonb') return "'{}'"
  if (column.category === 'D') return 'now()'
  return null
}

/** Required columns without a default that no INSERT fills. */
export function unfilled(table: TableFacts, filled: readonly string[]): ColumnFacts[] {
  return table.columns.filter(
    (column) =>
      column.notNull &&
      column.default === null &&
      column.identity === '' &&
      !column.generated &&
      !filled.includes(column.name),
  )
}
