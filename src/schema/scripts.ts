import { readFileSync } from 'node:fs'
import { raw, type Sql } from '../postgres/sql.ts'

/** A file of `revisions/`: several statements, without parameters. */
export function script(name: string): Sql {
  return raw(readFileSync(new URL(`./revisions/${name}`, import.meta.url), 'utf8'))
}
