// Follows docs/guides/changing-models.md as a person on call would, and keeps what was said as its transcript.
//
//     node scripts/runbook.mjs embedded|server             follows the commands and writes what came into the guide
//     node scripts/runbook.mjs embedded|server --check     only compares: numbers may differ, words may not
//
// The guide's blocks ```console embedded and ```console server hold lines `$ command`, each followed by its output.
// Those of one engine are run in order in one folder. `# exit N` after a command is the exit code it ends with.
// `server` uses DATABASE_URL, else the throw-away server of scripts/postgres.sh, and a new database there.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const page = join(root, 'docs', 'guides', 'changing-models.md')

const [engine, ...flags] = process.argv.slice(2)
if (engine !== 'embedded' && engine !== 'server') {
  console.error('usage: node scripts/runbook.mjs embedded|server [--check]')
  process.exit(2)
}
const before = readFileSync(page, 'utf8')
const after = await inPlace(engine, (place) => follow(before, place))
if (flags.includes('--check')) {
  const [expected, came] = [before, after].map(withoutNumbers)
  if (expected !== came) {
    console.error(`${page} does not say what is said: run node scripts/runbook.mjs ${engine}\n`)
    console.error(difference(expected, came))
    process.exitCode = 1
  }
} else {
  writeFileSync(page, after)
}

/** The page with every output replaced by what came. */
async function follow(text, place) {
  const block = new RegExp(`^\`\`\`console ${engine}\\n([\\s\\S]*?)^\`\`\``, 'gm')
  let out = ''
  let at = 0
  for (const found of text.matchAll(block)) {
    const said = []
    for (const command of commandsIn(found[1])) said.push(await answer(command, place))
    out += `${text.slice(at, found.index)}\`\`\`console ${engine}\n${said.join('\n')}\n\`\`\``
    at = found.index + found[0].length
  }
  return out + text.slice(at)
}

/** Lines that begin with `$`; one that ends with a backslash goes on. */
function commandsIn(block) {
  const commands = []
  let open = false
  for (const line of block.split('\n')) {
    if (open) commands.push(`${commands.pop()}\n${line}`)
    else if (line.startsWith('$ ')) commands.push(line.slice(2))
    else continue
    open = line.endsWith('\\')
  }
  return commands
}

async function answer(command, { cwd, env }) {
  const expected = Number(/# exit (\d+)$/.exec(command)?.[1] ?? 0)
  const { code, said } = await run(command, { cwd, env })
  if (code !== expected) throw new Error(`\`${command}\` ended with ${code}, not ${expected}:\n${said}`)
  const text = withoutProgress(said)
    .replaceAll(cwd, '.')
    .replaceAll(`${userInfo().username}@${hostname()}`, 'you@host')
    .replace(/[ \t]+$/gm, '')
    .trim()
  return text === '' ? `$ ${command}` : `$ ${command}\n${text}`
}

/** Without the lines that a command says only where it takes longer than some seconds, as on a busy machine. */
function withoutProgress(said) {
  return said.replace(/^(Ingesting|(Filling|Indexing) \S+): (.+ · )?\d+ (s|s left|min left)\n/gm, '')
}

function run(command, { cwd, env }) {
  return new Promise((resolve, reject) => {
    // Through one pipe, as on a terminal: from two, the order of what is said would be a matter of chance.
    const child = spawn('bash', ['-c', `exec 2>&1\n${command}`], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, said }))
  })
}

/** A folder with some documents and `revector` on the path, on the engine asked for. */
async function inPlace(name, work) {
  const folder = mkdtempSync(join(tmpdir(), 'revector-runbook-'))
  const cwd = join(folder, 'work')
  mkdirSync(join(folder, 'bin'))
  // All guides but this one: its transcript must not be part of what it is about.
  cpSync(dirname(page), join(cwd, 'docs'), { recursive: true, filter: (file) => file !== page })
  const program = join(folder, 'bin', 'revector')
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'bin/revector.js')}" "$@"\n`)
  chmodSync(program, 0o755)
  const PATH = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { PATH, HOME: folder, LANG: 'C.UTF-8' }
  try {
    if (name === 'embedded') return await work({ cwd, env })
    return await onServer((DATABASE_URL) => work({ cwd, env: { ...env, DATABASE_URL } }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function onServer(work) {
  const server = serverUrl()
  const name = `revector_runbook_${process.pid}`
  await once(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  try {
    return await work(url.href)
  } finally {
    await once(server, `drop database ${name} with (force)`)
  }
}

function serverUrl() {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL
  const { status, stdout, stderr } = spawnSync(join(root, 'scripts', 'postgres.sh'), ['start'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`No server to follow the runbook on: ${stderr}`)
  return stdout.trim()
}

async function once(url, statement) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Numbers with their units, dates and who did it differ from run to run, and with them the widths of columns. */
function withoutNumbers(text) {
  return text
    .replace(/\bworker [0-9a-f]{8}\b/g, 'worker @')
    .replace(/\d[\d,.:-]*( (ms|s|min|h|days|B|kB|MB|GB|UTC)\b)?/g, '#')
    .replace(/less than a second/g, '#')
    .replace(/\S+@\S+/g, '@')
    .replace(/[ \t]+/g, ' ')
}

function difference(expected, came) {
  const [a, b] = [expected.split('\n'), came.split('\n')]
  const at = a.findIndex((line, i) => line !== b[i])
  return [
    ...a.slice(Math.max(0, at - 2), at + 3).map((line) => `- ${line}`),
    ...b.slice(Math.max(0, at - 2), at + 3).map((line) => `+ ${line}`),
  ].join('\n')
}
