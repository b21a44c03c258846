import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { findBrowser } from './browser.ts'
import { hasPeers, installPeers } from './peers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a server on which databases may be created; null: only the embedded engine is tested. */
    serverUrl: string | null
    /** A data folder that Revector has set up, to copy. */
    readyFolder: string
    /** Folder of pg_dump and the others, where scripts/postgres.sh has them. */
    serverPrograms: string | null
    /** Program of PgBouncer; null: what a pooler changes is not tested. */
    pooler: string | null
    /** Program of a Chromium; null: what is shown in a browser is not tested. */
    browser: string | null
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const script = fileURLToPath(new URL('../../scripts/postgres.sh', import.meta.url))

/** Compiles what worker threads load, finds or starts a server, and says which engines the tests run on. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build()
  const folder = await mkdtemp(join(tmpdir(), 'revector-ready-'))
  await makeReady(join(folder, 'data'))
  project.provide('readyFolder', join(folder, 'data'))
  const demanded = (process.env['REVECTOR_TEST_REQUIRE'] ?? '').split(',')
  const required = demanded.includes('server')
  const found = findServer(required)
  if (found.url === null && required) {
    throw new Error(`REVECTOR_TEST_REQUIRE=server, but there is none: ${found.how}`)
  }
  process.stdout.write(`Node under test: ${process.version}\n`)
  process.stdout.write(
    found.url === null
      ? `Engines under test: embedded. No server: ${found.how}\n`
      : `Engines under test: embedded, server (${found.how}).\n`,
  )
  providePooler(project, found.url !== null, demanded.includes('pooler'))
  provideBrowser(project, demanded.includes('browser'))
  lookForPeers(demanded.includes('peers'))
  project.provide('serverUrl', found.url)
  // Backups need a pg_dump as new as the server; the script's programs come with its server.
  const programs = found.how.startsWith('scripts/') ? run('bin').url : null
  project.provide('serverPrograms', programs)
  if (programs !== null) process.env['PATH'] = `${programs}:${process.env['PATH'] ?? ''}`
  return () => rm(folder, { recursive: true, force: true })
}

function providePooler(project: TestProject, server: boolean, required: boolean): void {
  const found = required ? run('pooler') : run('pooler', '--no-install')
  if (found.url === null && required) {
    throw new Error(`REVECTOR_TEST_REQUIRE=pooler, but there is none: ${found.said}`)
  }
  if (server) {
    process.stdout.write(
      found.url === null ? `Pooler tests do not run: ${found.said}\n` : `Pooler under test: ${found.url}\n`,
    )
  }
  project.provide('pooler', found.url)
}

function lookForPeers(required: boolean): void {
  if (hasPeers()) process.stdout.write('LangChain.js, LlamaIndex.TS and Mastra under test.\n')
  else if (required)
    throw new Error(`REVECTOR_TEST_REQUIRE=peers, but they are not installed: ${installPeers}`)
  else process.stdout.write(`Tests with other tools do not run. To install them: ${installPeers}\n`)
}

function provideBrowser(project: TestProject, required: boolean): void {
  const browser = findBrowser()
  if (browser === null && required) {
    throw new Error('REVECTOR_TEST_REQUIRE=browser, but there is none. On Debian: apt-get install chromium')
  }
  process.stdout.write(
    browser === null
      ? 'Browser tests do not run: there is no chromium. On Debian: apt-get install chromium\n'
      : `Browser under test: ${browser}\n`,
  )
  project.provide('browser', browser)
}

function findServer(mayInstall: boolean): { url: string | null; how: string } {
  const given = process.env['REVECTOR_TEST_DATABASE_URL']
  if (given !== undefined && given !== '') return { url: given, how: 'REVECTOR_TEST_DATABASE_URL' }
  const running = run('url')
  if (running.url !== null) return { url: running.url, how: 'scripts/postgres.sh, already running' }
  const started = mayInstall ? run('start') : run('start', '--no-install')
  if (started.url !== null) return { url: started.url, how: 'scripts/postgres.sh, started' }
  return { url: null, how: started.said }
}

function run(...args: string[]): { url: string | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync('bash', [script, ...args], { encoding: 'utf8' })
  if (error !== undefined) return { url: null, said: error.message }
  return { url: status === 0 ? stdout.trim() : null, said: stderr.trim().split('\n').at(-1) ?? '' }
}

/** `npm test` has built already; this keeps a run of vitest alone from testing old workers. */
async function build(): Promise<void> {
  if (isNewer('src', '.tsbuildinfo') || isNewer('console', '.console-source-hash')) {
    const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' })
    if (built.status !== 0) process.stdout.write(`The build has errors; workers may be old.\n${built.stdout}`)
  }
  const snapshot: unknown = await import(`${root}dist/postgres/embedded/make-snapshot.js`)
  const { makeSnapshot } = snapshot as { makeSnapshot(file: string): Promise<string> }
  await makeSnapshot(`${root}dist/postgres/embedded/snapshot.tgz`)
}

interface Opened {
  readonly db: { initialize(): Promise<void>; close(): Promise<void> }
}

async function makeReady(dataDir: string): Promise<void> {
  const library: unknown = await import(`${root}dist/index.js`)
  const { createRevector } = library as { createRevector(options: { dataDir: string }): Promise<Opened> }
  const revector = await createRevector({ dataDir })
  await revector.db.initialize()
  await revector.db.close()
}

/** Whether a file below the folder was changed after what was built of it. */
function isNewer(folder: string, stamp: string): boolean {
  const record = `${root}dist/${stamp}`
  const builtAt = existsSync(record) ? statSync(record).mtimeMs : 0
  return readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(`${entry.parentPath}/${entry.name}`).mtimeMs > builtAt,
  )
}
