// npm run chaos [-- --minutes 10] [--seed 1]
//
// A server of its own, which it breaks: restarts, crashes, ended connections, a silent network, killed workers, one after
// the other by chance, while writers change documents, searches run, and a migration moves the corpus to another model. Then
// the faults stop, the migration is finished, and the database is compared with one that was built from scratch from what
// the writers wrote last: the same chunks, and bit for bit the same vectors in both models. Exit code 1 where they differ, where
// a search answered with an error that no fault explains, or with a hit of a document that nobody wrote.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once as event } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRevector } from '../dist/index.js'
import { chaosProxy } from './chaos-proxy.mjs'
import { once, withDatabase } from './server.mjs'

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
})
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [source, target] = ['lexical-hash-256', 'lexical-hash-384']
const documents = 300
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const say = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

/** The same numbers for the same seed. */
function chance(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
const roll = chance(Number(options.seed))

const folder = mkdtempSync(join(tmpdir(), 'revector-chaos-'))
chmodSync(folder, 0o755)
const env = {
  ...process.env,
  REVECTOR_POSTGRES_DIR: join(folder, 'server'),
  // The script's own server may lose what was committed a moment before a crash.
  REVECTOR_POSTGRES_SETTINGS: 'synchronous_commit = on',
}
function server(...command) {
  const { status, stdout, stderr } = spawnSync(join(root, 'scripts', 'postgres.sh'), command, {
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`scripts/postgres.sh ${command.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** What each document should say; null: it was deleted. A writer has each document to itself. */
const written = new Map()
const ids = new Map()
const counts = { writes: 0, searches: 0, faults: new Map(), refused: new Map(), wrong: [] }
let over = false

async function chaos(databaseUrl) {
  const proxy = await chaosProxy(databaseUrl)
  const open = (url) => createRevector({ databaseUrl: url, statementTimeoutMs: 5_000, logLevel: 'silent' })
  const revector = await open(proxy.url)
  await revector.db.initialize()
  for (const name of [source, target]) await revector.models.add({ modelName: name })
  await revector.models.use(source, { force: true })
  for (let n = 0; n < documents; n += 1) await write(revector, n, 0)
  await revector.migrations.start({ sourceModel: source, targetModel: target })
  const crew = workers(proxy.url)
  const until = performance.now() + Number(options.minutes) * 60_000
  const everybody = Promise.all([
    ...[0, 1, 2].map((me) => writer(revector, me)),
    ...[0, 1].map(() => searcher(revector)),
  ])
  while (performance.now() < until) {
    await pause(2_000 + roll(4_000))
    await strike({ proxy, crew, databaseUrl })
  }
  over = true
  await everybody
  crew.stop()
  await revector.migrations.resume().catch(() => {})
  await revector.migrations.work({ once: true })
  const { id, state } = await revector.migrations.status()
  if (state !== 'ready') counts.wrong.push(`the migration is ${state} in the end`)
  else await revector.migrations.cutOver(id)
  await revector.db.close()
  proxy.close()

  const [lived, built] = [await digest(databaseUrl), await withDatabase(started, fromScratch)]
  for (const name of [source, target]) {
    if (lived[name] !== built[name])
      counts.wrong.push(`${name}: the vectors are not those of a database built from scratch`)
  }
  report(lived, built)
}

async function fromScratch(databaseUrl) {
  const revector = await createRevector({ databaseUrl, logLevel: 'silent' })
  await revector.db.initialize()
  await revector.models.add({ modelName: source })
  await revector.models.use(source, { force: true })
  for (const [n, document] of written)
    if (document !== null) await revector.ingestion.ingestDocument({ source: `chaos:${n}`, ...document })
  await revector.models.add({ modelName: target })
  await revector.migrations.run({ targetModel: target })
  await revector.db.close()
  return digest(databaseUrl)
}

/** By model: a hash of every chunk with its vector, in the order of documents and positions; and how many there are. */
async function digest(databaseUrl) {
  const found = {}
  for (const { id, name, width } of await once(
    databaseUrl,
    `select id, model_name as name, dimension as width from embedding_models where model_name in ('${source}', '${target}')`,
  )) {
    const rows = await once(
      databaseUrl,
      `select d.source, c.position, c.content, e.embedding_${width}::text as vector
       from documents d join chunks c on c.document_id = d.id left join chunk_embeddings_model_${id} e on e.chunk_id = c.id
       order by 1, 2`,
    )
    found[name] =
      `${rows.length} chunks, ${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)}`
  }
  return found
}

/** Writes until it is known to be written: an error may come after the commit, and the same write again changes nothing. */
async function write(revector, n, turn) {
  const text = `Note ${n} in turn ${turn}: ${'measured '.repeat(1 + ((n + turn) % 9))}${n * 31 + turn}.`
  const document = {
    title: `Note ${n}`,
    content: Array.from({ length: 1 + (n % 4) }, (_, i) => `${text} Part ${i}.`).join('\n\n'),
  }
  ids.set(n, await untilDone(() => revector.ingestion.ingestDocument({ source: `chaos:${n}`, ...document })))
  written.set(n, document)
  counts.writes += 1
}

async function remove(revector, n) {
  await untilDone(async () => {
    try {
      await revector.documents.remove(ids.get(n))
    } catch (error) {
      // The answer to the attempt before this one was lost.
      if (error?.code !== 'NOT_FOUND') throw error
    }
  })
  written.set(n, null)
  counts.writes += 1
}

async function untilDone(work) {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      note(error)
      await pause(200)
    }
  }
}

async function writer(revector, me) {
  for (let turn = 1; !over; turn += 1) {
    const n = roll(documents / 3) * 3 + me
    if (written.get(n) !== null && roll(8) === 0) await remove(revector, n)
    else await write(revector, n, turn)
    await pause(20)
  }
}

async function searcher(revector) {
  while (!over) {
    try {
      const { hits } = await revector.retriever.search({ query: `note ${roll(documents)} measured`, topK: 5 })
      counts.searches += 1
      for (const { title } of hits)
        if (!/^Note \d+$/.test(title)) counts.wrong.push(`a hit that nobody wrote: ${title}`)
    } catch (error) {
      note(error)
      await pause(100)
    }
  }
}

/** What a fault explains: the database away, silent or starting. */
const explained = new Set(['DATABASE_UNREACHABLE', 'DATABASE_FAILED', 'DATABASE_BUSY'])
function note(error) {
  const code = error?.code ?? String(error)
  counts.refused.set(code, (counts.refused.get(code) ?? 0) + 1)
  if (!explained.has(code)) counts.wrong.push(`${code}: ${error?.message}`)
}

/** Two processes that work; whichever ends is begun again. */
function workers(databaseUrl) {
  const alive = new Set()
  let stopped = false
  const seat = async () => {
    while (!stopped) {
      const args = [join(root, 'bin', 'revector.js'), 'worker', '--quiet', '--database-url', databaseUrl]
      const child = spawn(process.execPath, args, { stdio: 'ignore' })
      alive.add(child)
      await event(child, 'close')
      alive.delete(child)
      await pause(500)
    }
  }
  for (const _ of [1, 2]) void seat()
  return {
    kill: () => [...alive][roll(alive.size)]?.kill('SIGKILL'),
    stop() {
      stopped = true
      for (const child of alive) child.kill('SIGKILL')
    },
  }
}

const faults = {
  'a restart': () => {
    server('stop')
    server('start')
  },
  // One backend killed: the server ends all others and recovers.
  'a crash': async ({ databaseUrl }) => {
    const [backend] = await once(
      databaseUrl,
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() limit 1',
    )
    if (backend !== undefined) process.kill(backend.pid, 'SIGKILL')
  },
  'ended connections': ({ databaseUrl }) =>
    once(
      databaseUrl,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    ),
  'cut connections': ({ proxy }) => proxy.cut(),
  'a silent network': ({ proxy }) => proxy.silence(3_000 + roll(7_000)),
  'a killed worker': ({ crew }) => crew.kill(),
}

async function strike(place) {
  const names = Object.keys(faults)
  const name = names[roll(names.length)]
  say(name)
  counts.faults.set(name, (counts.faults.get(name) ?? 0) + 1)
  await faults[name](place)
}

function report(lived, built) {
  const listed = (map) => [...map].map(([name, n]) => `${name} × ${n}`).join(', ') || 'none'
  console.log(
    [
      `${options.minutes} minutes, seed ${options.seed}; faults: ${listed(counts.faults)}`,
      `${counts.writes.toLocaleString('en')} writes, ${counts.searches.toLocaleString('en')} searches; refused: ${listed(counts.refused)}`,
      ...[source, target].map((name) => `${name}: ${lived[name]}; from scratch ${built[name]}`),
      counts.wrong.length === 0
        ? 'Nothing is lost, nothing is mixed.'
        : `WRONG: ${counts.wrong.slice(0, 10).join('\n       ')}`,
    ].join('\n'),
  )
  if (counts.wrong.length > 0) process.exitCode = 1
}

const started = server('start')
try {
  await withDatabase(started, chaos)
} finally {
  server('stop')
  rmSync(folder, { recursive: true, force: true })
}
