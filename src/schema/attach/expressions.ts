import { ident, raw, type Sql } from '../../postgres/sql.ts'
import { isText, textColumn, wellKnown } from '../legacy/mapping.ts'
import { columnOf, type TableFacts } from '../legacy/table-facts.ts'

/** What the operator says where it is not found, or found wrong. Names of columns, or SQL expressions over them. */
export interface PlaceChoices {
  /** A column of the table of texts, or several, separated by commas. */
  readonly id?: string
  readonly text?: string
  /** The table of the texts, where the vectors lie in another. */
  readonly texts?: string
  /** The columns of the table of vectors that hold the key of the table of texts, where no foreign key says so. */
  readonly key?: string
  /** Rows of which it is equal are one document. */
  readonly documentKey?: string
  /** Revector makes the vectors of that column from now on, where they lack or texts change; else the application does. */
  readonly maintain?: boolean
  readonly vector?: string
  readonly metadata?: string
  readonly title?: string
  readonly where?: string
}

const metadataNames = ['metadata', 'cmetadata', 'metadata_', 'meta', 'payload', 'properties']
/** What names a text in its metadata. */
const titleKeys = ['title', 'name', 'file_name', 'filename', 'source', 'url']

/** SQL over the columns of a table, null if it has no metadata. */
export function metadataOf(table: TableFacts, choices: PlaceChoices): string | null {
  if (choices.metadata !== undefined) return asJsonb(table, choices.metadata)
  const json = table.columns.filter((column) => ['jsonb', 'json'].includes(column.baseType))
  const named = json.find((column) => metadataNames.includes(column.name.toLowerCase()))
  return named === undefined ? null : asJsonb(table, named.name)
}

function asJsonb(table: TableFacts, name: string): string {
  const column = columnOf(table, name)
  if (column === undefined) return `(${name})::jsonb`
  return column.baseType === 'jsonb' ? ident(name).text : `${ident(name).text}::jsonb`
}

export function titleOf(
  table: TableFacts,
  text: string,
  metadata: string | null,
  choices: PlaceChoices,
): string {
  if (choices.title !== undefined) return `coalesce((${columnOr(table, choices.title)})::text, '')`
  const own = textColumn(table, wellKnown.title)
  const parts = [
    ...(own === null ? [] : [`nullif(${ident(own).text}::text, '')`]),
    ...(metadata === null ? [] : titleKeys.map((key) => `${metadata} ->> '${key}'`)),
    // A text without a name is called by its first words.
    `left(btrim(split_part(${text}, chr(10), 1)), 80)`,
    `''`,
  ]
  return `coalesce(${parts.join(', ')})`
}

export function sourceOf(table: TableFacts, metadata: string | null): string {
  const own = wellKnown.source
    .map((name) => columnOf(table, name))
    .find((column) => column !== undefined && isText(column))
  if (own !== undefined) return `${ident(own.name).text}::text`
  return metadata === null ? 'null::text' : `coalesce(${metadata} ->> 'source', ${metadata} ->> 'url')`
}

/** By their usual names; a document is then found by when it was made. */
export function timesOf(table: TableFacts): { readonly createdAt?: string; readonly updatedAt?: string } {
  const named = (...names: string[]): string | undefined =>
    table.columns.find(
      ({ name, baseType }) => /^(timestamp|date)/.test(baseType) && names.includes(name.toLowerCase()),
    )?.name
  const [created, updated] = [
    named('created_at', 'createdat', 'created'),
    named('updated_at', 'updatedat', 'modified_at'),
  ]
  return {
    ...(created !== undefined && { createdAt: ident(created).text }),
    ...(updated !== undefined && { updatedAt: ident(updated).text }),
  }
}

/** A column of this name, else an expression. */
export function columnOr(table: TableFacts, given: string): string {
  return columnOf(table, given) === undefined ? `(${given})` : ident(given).text
}

/** Which rows of a place are meant. */
export function condition(where: string | null): Sql {
  return where === null ? raw('true') : raw(`(${where})`)
}
