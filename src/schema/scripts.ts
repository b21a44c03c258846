import { readFileSync } from 'node:fs'
import { pgvector } from '../postgres/pgvector.ts'
import { join, raw, type Sql } from '../postgres/sql.ts'

/** A file of `revisions/`: several statements, without parameters. `:pgvector.vector` is the type by its full name. */
export function script(name: string): Sql {
  const text = readFileSync(new URL(`./revisions/${name}`, import.meta.url), 'utf8')
  const [first = '', ...rest] = text.split(':pgvector.')
  return join([raw(first), ...rest.map(pgvector)], '')
}
