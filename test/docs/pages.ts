import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Page {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

/** Every Markdown page of the project. */
export function pages(): Page[] {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).map((entry) =>
      join(entry.parentPath, entry.name),
    )
  const beside = readdirSync(root).map((name) => join(root, name))
  return [...beside, ...below('docs'), ...below('bench'), ...below('examples')]
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => ({ path: relative(root, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }))
    .sort((a, b) => a.path.localeCompare(b.path))
}

/** The fenced blocks of a language, in order. */
export function blocks({ text }: Page, language: string): string[] {
  const found = text.matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```/gm)
  return [...found].flatMap(([, name, body]) => (name === language ? [body ?? ''] : []))
}
