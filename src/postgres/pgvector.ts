import { ident, raw, type Sql } from './sql.ts'

/** How a database has pgvector. */
export interface Pgvector {
  /** Oid of the type `vector`, which binary arrays contain. */
  readonly oid: number
  /** The schema of the extension; hosted databases often give it one of its own. */
  readonly schema: string
}

/** Stands for the schema until a statement is sent. No identifier, value or text of a user can contain a NUL. */
const mark = '\0pgvector\0'

/** The full name of a type, function or operator class of pgvector: found whatever the search path is. */
export function pgvector(name: string): Sql {
  return raw(`${mark}.${name}`)
}

/** An operator of pgvector by its full name: `operator(public.<=>)`. */
export function pgvectorOperator(symbol: string): Sql {
  return raw(`operator(${mark}.${symbol})`)
}

/** The text as the database with this schema reads it. */
export function withSchemaOf(text: string, { schema }: Pick<Pgvector, 'schema'>): string {
  return text.includes(mark) ? text.replaceAll(mark, () => ident(schema).text) : text
}
