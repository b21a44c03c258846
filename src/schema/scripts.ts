import { readFileSync } from 'node:fs'
import { raw, type Sql } from '../postgres/sql.ts'

/** The statements of a file under `revisions/`, in order. Statements end with `;` at the end of a line. */
export function script(name: string): readonly Sql[] {
  const text = readFileSync(new URL(`./revisions/${name}`, import.meta.url), 'utf8')
  return text
    .replace(/--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .map(raw)
}
