import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The file of a worker thread, given its name beside the module that starts it, without an extension.
 * Run from `dist/` it is the neighbouring `.js`. Run from `src/` (tests, tools) it is the compiled one
 * under `dist/`, because worker threads of Node 20 cannot load TypeScript.
 *
 * @throws Error when the compiled file is absent
 */
export function workerUrl(moduleUrl: string, name: string): URL {
  const beside = new URL(`${name}.js`, moduleUrl)
  if (!moduleUrl.endsWith('.ts')) return beside
  const compiled = new URL(beside.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/'))
  if (!existsSync(fileURLToPath(compiled))) {
    throw new Error(`The compiled worker is missing: ${fileURLToPath(compiled)}. Run npm run build.`)
  }
  return compiled
}
