// The corpus that every machine has after an installation: documentation in Markdown under node_modules.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Not prose to ask questions about. */
const dull =
  /(^|\/)(changelog|changes|history|license|licence|notice|security|code_of_conduct|contributing|governance|readme\.[a-z]{2}(-[a-z]{2})?\.md$|wg-meetings)/i

/**
 * The shortest files first until `budget` bytes are reached, one of each name and size (packages are installed more
 * than once): as many different subjects as possible, and the same on every machine with the same lock file.
 */
export function collectDocumentation(folder, { smallest = 250, budget = 500_000 } = {}) {
  const seen = new Set()
  let bytes = 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|markdown)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !dull.test(path.slice(folder.length)))
    .map((path) => ({ path, size: statSync(path).size }))
    .sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1))
    .filter(({ path, size }) => {
      const key = `${path.split('/').slice(-2).join('/')} ${size}`
      if (size < smallest || bytes + size > budget || seen.has(key)) return false
      seen.add(key)
      bytes += size
      return true
    })
  return { files: files.map(({ path }) => path).sort(), bytes }
}
