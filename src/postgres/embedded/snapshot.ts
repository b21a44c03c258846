import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A cluster as initdb leaves it, with the vector extension created: 5 MB packed, and unpacked in a fifth of a
 * second where initdb takes five to ten. Made by the build, beside this module.
 */
export function snapshotFile(): string | null {
  const compiled = import.meta.url.replace(/\/src\/(?!.*\/src\/)(.*)\.ts$/, '/dist/$1.js')
  const file = fileURLToPath(new URL('./snapshot.tgz', compiled))
  return existsSync(file) ? file : null
}
