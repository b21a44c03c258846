// The package as it would be published: packed, its contents and types checked by publint and attw, installed
// from the tarball into an empty folder and used from there, by the command line and as a library.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'revector-package-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const packed = JSON.parse(
  run(root, 'npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
)[0]
const tarball = join(folder, packed.filename)
const files = packed.files.map((file) => file.path)

for (const wanted of [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'bin/revector.js',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/testing/index.js',
  'dist/frameworks/langchain.js',
  'dist/frameworks/ai-sdk.js',
  'dist/http/reference.html',
  'dist/http/reference.css',
]) {
  if (!files.includes(wanted)) fail(`The package lacks ${wanted}.`)
}
const stray = files.filter(
  (path) => !/^(LICENSE|README\.md|CHANGELOG\.md|package\.json|bin\/|dist\/)/.test(path),
)
const left = files.filter((path) => /tsbuildinfo|source-hash/.test(path))
if (stray.length + left.length > 0)
  fail(`The package holds what is not its own: ${[...stray, ...left].join(', ')}`)
console.log(
  `${packed.filename}: ${files.length} files, ${Math.round(packed.unpackedSize / 1024)} KB unpacked`,
)

run(root, 'npx', ['--no-install', 'publint', '--strict', tarball], 'inherit')
// The package is ESM only: what CommonJS resolution says of it is not asked.
run(
  root,
  'npx',
  ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--format', 'table-flipped'],
  'inherit',
)

const user = join(folder, 'user')
writeFileSync(join(folder, 'package.json'), '{}')
run(folder, 'mkdir', [user])
writeFileSync(join(user, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
run(user, 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], 'inherit')
const shown = run(user, 'npx', ['--no-install', 'revector', '--version']).trim()
if (shown !== version) fail(`npx revector --version printed ${shown}, expected ${version}.`)
writeFileSync(
  join(user, 'use.js'),
  `import { createRevector } from 'revector'
import * as testing from 'revector/testing'
const revector = await createRevector({ dataDir: './data' })
await revector.db.initialize()
console.log((await revector.db.getSupportedDimensions()).length > 0 && Object.keys(testing).length > 0)
await revector.db.close()
`,
)
if (!run(user, process.execPath, ['use.js']).trim().endsWith('true'))
  fail('The library does not work when installed.')

// A program as strict as can be, which looks into the package's own declarations too.
writeFileSync(
  join(user, 'use.ts'),
  `import { createRevector, type Revector, RevectorError } from 'revector'
import * as testing from 'revector/testing'
const revector: Revector = await createRevector({ dataDir: './data' })
const { hits } = await revector.retriever.search({ query: 'a question' })
const first: string | undefined = hits[0]?.content
export const seen = [first, testing, RevectorError]
await revector.db.close()
`,
)
writeFileSync(
  join(user, 'tsconfig.json'),
  JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: ['use.ts'],
  }),
)
run(user, process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], 'inherit')
console.log('installed from the tarball: the command line, the library and its types work')

function run(cwd, command, args, stdout = 'pipe') {
  const done = spawnSync(command, args, { cwd, stdio: ['ignore', stdout, 'inherit'], encoding: 'utf8' })
  if (done.status !== 0) fail(`${command} ${args.join(' ')} failed.\n${done.stdout ?? ''}`)
  return done.stdout ?? ''
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
