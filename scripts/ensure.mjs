// Runs before `npm test`, `npm run demo` and the like: installs when node_modules is missing or is not what the
// lock file says, compiles when dist/ is not made from the present sources. Says nothing when nothing is to be
// done. Needs only Node, npm and the package registry; several may run at once.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isBuilt } from './source-hash.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

if (!installed() || !isBuilt(root)) {
  await lock()
  // Another one may have done it while we waited.
  if (!installed()) npm('ci')
  if (!isBuilt(root)) build()
}

/** Compares the lock file with the one npm leaves in node_modules at the end of an installation. */
function installed() {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (present === undefined) return false
  return Object.entries(wanted ?? {}).every(([path, { version, optional }]) => {
    if (path === '') return true
    // Optional packages are those of other systems and processors, or allowed to fail.
    const found = present[path]
    return found === undefined ? optional === true : found.version === version
  })
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

function npm(...args) {
  const program = process.env.npm_execpath
  const [command, first] = program === undefined ? ['npm', []] : [process.execPath, [program]]
  run(`npm ${args.join(' ')}`, command, [...first, ...args])
}

function build() {
  run('compiling src/ to dist/', process.execPath, [join(root, 'scripts', 'build.mjs')])
}

function run(what, command, args) {
  process.stderr.write(`ensure: ${what}\n`)
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // stdout belongs to the command that comes after us.
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(
    `ensure: ${what} failed${error === undefined ? '; see above' : `: ${error.message}`}\n`,
  )
  process.exit(status ?? 1)
}

/** One of us at a time, by a file that holds our process id; one whose process is gone is put aside. */
async function lock() {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const file = join(tmpdir(), `revector-ensure-${name}.lock`)
  const mine = `${file}.${process.pid}`
  process.on('exit', () => rmSync(mine, { force: true }))
  for (let told = false; ; told = true) {
    if (taken(mine, file)) {
      process.on('exit', () => rmSync(file, { force: true }))
      return
    }
    const owner = ownerOf(file)
    if (owner !== undefined && !alive(owner)) putAside(file, owner, mine)
    else if (!told) process.stderr.write('ensure: waiting for another installation of this folder\n')
    await wait(200)
  }
}

/** A link appears with its content or not at all. */
function taken(mine, file) {
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function putAside(file, owner, mine) {
  try {
    renameSync(file, mine)
    // A faster process has put it aside and taken the lock meanwhile: give it back.
    if (ownerOf(mine) !== owner) linkSync(mine, file)
  } catch {
    // Gone already, or taken again: the next round looks at it afresh.
  }
}

function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
