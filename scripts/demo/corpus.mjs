// The corpus that every machine has after an installation: documentation in Markdown under node_modules.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Not prose to ask questions about. */
const dull =
  /(^|\/)(changelog|changes|history|license|licence|notice|security|code_of_conduct|contributing|governance|readme\.[a-z]{2}(-[a-z]{2})?\.md$|wg-meetings)/i

/**
 * Files of a size worth reading, one of each name and size (packages are installed more than once), in the order of
 * their paths: the same on every machine with the same lock file.
 */
export function collectDocumentation(folder, { smallest = 500, largest = 40_000, atMost = 320 } = {}) {
  const seen = new Set()
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|markdown)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !dull.test(path.slice(folder.length)))
    .sort()
    .map((path) => ({ path, bytes: statSync(path).size }))
    .filter(({ path, bytes }) => {
      const key = `${path.split('/').slice(-2).join('/')} ${bytes}`
      if (bytes < smallest || bytes > largest || seen.has(key)) return false
      seen.add(key)
      return true
    })
    .slice(0, atMost)
  return { files: files.map(({ path }) => path), bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
}
