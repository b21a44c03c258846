import { ident, raw, type Sql } from '../../postgres/sql.ts'
import { isText, textColumn, wellKnown } from '../legacy/mapping.ts'
import { columnOf, type TableFacts } from '../legacy/table-facts.ts'

/** What the operator says where it is not found, or found wrong. Names of columns, or SQL expressions over them. */
export interface PlaceChoices {
  readonly id?: string
  readonly text?: string
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

/** A column of this name, else an expression. */
export function columnOr(table: TableFacts, given: string): string {
  return columnOf(table, given) === undefined ? `(${given})` : ident(given).text
}

/** Which rows of a place are meant. */
export function condition(where: string | null): Sql {
  return where === null ? raw('true') : raw(`(${where})`)
}
