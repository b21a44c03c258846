import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What installs the tools whose tables are adopted, for `test/peers`: some 400 MB. */
export const installPeers = 'npm ci --prefix test/peers'

/** Whether they are installed. npm writes this file last. */
export function hasPeers(): boolean {
  return existsSync(fileURLToPath(new URL('../peers/node_modules/.package-lock.json', import.meta.url)))
}
