// Compiles src/ to dist/ and copies the files that are read at run time beside the code that reads them.
// Dependency-free but for the compiler; runs from `prepare`, so a checkout is usable right after `npm ci`.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!existsSync(tsc)) {
  // Installed as a dependency, or with --omit=dev: the package ships dist/, there is nothing to compile.
  process.exit(0)
}
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

const runtimeFiles = ['schema/revisions']
for (const path of runtimeFiles) {
  cpSync(join(root, 'src', path), join(root, 'dist', path), {
    recursive: true,
    filter: (from) => !from.endsWith('.ts'),
  })
}
