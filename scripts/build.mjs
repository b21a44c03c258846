// Compiles src/ to dist/ and copies the files that are read at run time beside the code that reads them.
// Dependency-free but for the compiler.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildConsole } from './build-console.mjs'
import { sourceHash, stampFile } from './source-hash.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!existsSync(tsc)) {
  console.error('The compiler is not installed: npm ci installs it, unless --omit=dev says not to.')
  process.exit(1)
}
const made = sourceHash(root)
rmSync(stampFile(root), { force: true })
mkdirSync(dist, { recursive: true })
removeLeftovers()
const runtimeFiles = ['schema/revisions']
for (const path of runtimeFiles.filter((path) => existsSync(join(root, 'src', path)))) {
  cpSync(join(root, 'src', path), join(dist, path), {
    recursive: true,
    filter: (from) => !from.endsWith('.ts'),
  })
}
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

// The embedded engine's first start: unpacking this takes a fifth of a second, making a cluster five.
const { makeSnapshot } = await import(join(dist, 'postgres/embedded/make-snapshot.js'))
await makeSnapshot(join(dist, 'postgres/embedded/snapshot.tgz'))
await makeReference()
writeFileSync(stampFile(root), made)
await buildConsole(root)

/** The page that the service serves at /docs, from the contract as docs/reference/ has it. */
async function makeReference() {
  const { errorsPage } = await import('./docs/errors.mjs')
  const { httpPage } = await import('./docs/http.mjs')
  const { referenceHtml } = await import('./docs/page.mjs')
  const { errorCatalogue } = await import(join(dist, 'core/errors.js'))
  const { openApi } = await import(join(dist, 'http/openapi.js'))
  const { operations } = await import(join(dist, 'http/contract/operations.js'))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const page = referenceHtml(httpPage(openApi(operations, version)), errorsPage(errorCatalogue), version)
  writeFileSync(join(dist, 'http/reference.html'), page)
  cpSync(join(root, 'scripts/docs/page.css'), join(dist, 'http/reference.css'))
}

/** What was compiled from sources that are gone must not be packed or loaded. */
function removeLeftovers() {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(dist, file)
    if (path.startsWith('console/') || entry.name === '.console-source-hash') continue
    if (!entry.isFile() || path === '.tsbuildinfo' || entry.name.startsWith('snapshot.tgz')) continue
    if (/^reference\.(html|css)$/.test(entry.name)) continue
    const source = join(root, 'src', path.replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts'))
    if (!existsSync(source)) rmSync(file)
  }
}
