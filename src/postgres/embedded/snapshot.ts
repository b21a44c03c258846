import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A cluster as initdb leaves it, with the vector extension created: 5 MB compressed, and unpacked in a fifth of
 * a second, while initdb takes five to ten. The build creates it beside this module.
 */
export function snapshotFile(): string | null {
  const compiled = import.meta.url.replace(/\/src\/(?!.*\/src\/)(.*)\.ts$/, '/dist/$1.js')
  const file = fileURLToPath(new URL('./snapshot.tgz', compiled))
  return existsSync(file) ? file : null
}
