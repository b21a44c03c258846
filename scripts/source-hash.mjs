// What dist/ was made from: a hash over the sources and the compiler's settings, kept in dist/.source-hash.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const stamp = ['dist', '.source-hash']
const settings = ['tsconfig.json', 'tsconfig.build.json', join('scripts', 'build.mjs')]

/** Folder of the project → hash of everything a build reads. */
export function sourceHash(root) {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const hash = createHash('sha256')
  for (const file of [...settings.map((name) => join(root, name)), ...sources]) {
    const content = readFileSync(file)
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** The hash that dist/ was made from, or undefined. */
export function builtHash(root) {
  try {
    return readFileSync(join(root, ...stamp), 'utf8').trim()
  } catch {
    return undefined
  }
}

export const stampFile = (root) => join(root, ...stamp)
