// What dist/ was made from: a hash over the sources, the settings of the compiler and the pages of docs/reference/, kept in dist/.source-hash.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const stamp = ['dist', '.source-hash']
const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', join('scripts', 'build.mjs')]
const folders = ['src', join('scripts', 'docs')]

/** Folder of the project → hash of everything a build reads. */
export function sourceHash(root) {
  const files = folders.flatMap((name) => filesBelow(join(root, name)))
  return hashOf(root, [...settings.map((name) => join(root, name)), ...files])
}

/** Folder of the project → hash of everything a build of the console reads. */
export function consoleHash(root) {
  const folder = join(root, 'console')
  if (!existsSync(folder)) return undefined
  return hashOf(root, [join(root, 'package-lock.json'), ...filesBelow(folder)])
}

/** The hash that dist/console was made from, or undefined. */
export const builtConsoleHash = (root) => stampAt(consoleStampFile(root))
export const consoleStampFile = (root) => join(root, 'dist', '.console-source-hash')

/** The hash that dist/ was made from, or undefined. */
export const builtHash = (root) => stampAt(stampFile(root))
export const stampFile = (root) => join(root, ...stamp)

/** Nothing is to be built: neither sources nor console have changed since. */
export const isBuilt = (root) =>
  builtHash(root) === sourceHash(root) && builtConsoleHash(root) === consoleHash(root)

function stampAt(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function hashOf(root, files) {
  const hash = createHash('sha256')
  for (const file of files) {
    const content = readFileSync(file)
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}
