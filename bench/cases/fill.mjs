// The fill of a migration's target by workers: against the least that could be done by hand (one binary insert a batch
// into a table of nothing but ids and vectors, one build of the HNSW index); two workers against one, with a provider
// that takes its time; and what a worker needs of memory.
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createRevector } from '../../dist/index.js'
import { isOlder, parallelBuildsSafeSince } from '../../dist/schema/pgvector-version.js'
import { freeModel } from '../free-model.mjs'
import { openHandWritten, operand } from '../hand-written.mjs'
import { timed } from '../measure.mjs'
import { once, withDatabase } from '../server.mjs'
import { vectorSpace } from '../vectors.mjs'
import { loadChunks } from './search.mjs'

const child = fileURLToPath(new URL('../fill-child.mjs', import.meta.url))
const latencyMs = 50

export async function fill({ serverUrl, sizes, dimensions, log }) {
  const figures = []
  const parallel = await buildsInParallel(serverUrl)
  for (const dimension of dimensions.filter((one) => one <= 1536)) {
    for (const rows of sizes) {
      const size = { dimension, rows, parallel }
      figures.push(await withDatabase(serverUrl, (url) => againstHand(url, size, log)))
    }
  }
  figures.push(await workers(serverUrl, log))
  figures.push(await memory(serverUrl, sizes.length > 1 ? [10_000, 200_000] : [5_000, 50_000], log))
  return figures
}

/** Whether pgvector's parallel builds are safe, since 0.8.2: by hand they are used in any case. */
async function buildsInParallel(serverUrl) {
  const [{ version }] = await once(
    serverUrl,
    `select default_version as version from pg_available_extensions where name = 'vector'`,
  )
  return !isOlder(version, parallelBuildsSafeSince)
}

async function againstHand(databaseUrl, { dimension, rows, parallel }, log) {
  const documents = vectorSpace(dimension).sample(rows, 2)
  const model = freeModel('free', { dimension, documents })
  // As many as OpenAI's models get in a request.
  const modelLimits = { [model.modelName]: { batchItems: 256 } }
  const revector = await createRevector({ databaseUrl, models: [model], modelLimits })
  const plain = await openHandWritten(databaseUrl, dimension)
  try {
    await revector.db.initialize()
    await loadChunks(databaseUrl, rows)
    await revector.migrations.start({ targetModel: model.modelName })
    const began = performance.now()
    let ours = 0
    const parts = {}
    const onProgress = ({ type, seconds }) => {
      if (type === 'index.built') ours = performance.now() - began
      if (type === 'index.built') parts.hnswIndex = seconds
    }
    await revector.migrations.work({ once: true, onProgress })
    const byHand = (await timed(() => insertByHand(plain, documents, dimension))).ms
    log(
      `fill: ${rows} chunks in ${seconds(ours)} (HNSW index ${parts.hnswIndex?.toFixed(1)} s), by hand in ${seconds(byHand)}`,
    )
    return {
      id: `worker/${dimension}/${rows}`,
      title: `fill by a worker, ${dimension}-d, ${rows.toLocaleString('en')} chunks`,
      value: byHand / ours,
      unit: ' × by hand',
      better: 'higher',
      target: parallel ? 0.8 : 0.6,
      detail: `${rate(rows, ours)} chunks/s with HNSW index, by hand ${rate(rows, byHand)}`,
    }
  } finally {
    await revector.db.close()
    await plain.close()
  }
}

async function insertByHand({ pool, toArray }, vectors, dimension) {
  await pool.query(
    `create table plain_vectors (chunk_id bigint primary key, embedding vector(${dimension}) not null)`,
  )
  for (let from = 0; from < vectors.length; from += 500) {
    const batch = vectors.slice(from, from + 500)
    await pool.query('insert into plain_vectors select * from unnest($1::bigint[], $2::vector[])', [
      batch.map((_, i) => from + i),
      toArray(batch),
    ])
  }
  const client = await pool.connect()
  try {
    await client.query(`set maintenance_work_mem = '1GB'`)
    await client.query(`create index on plain_vectors using hnsw (${operand(dimension)} vector_cosine_ops)`)
    await client.query('analyze plain_vectors')
  } finally {
    client.release()
  }
}

/** Each asks for one batch at a time, as a provider's limit may demand: what is gained is the time of waiting. */
async function workers(serverUrl, log) {
  const rows = 10_000
  const speeds = []
  for (const count of [1, 2]) {
    const { speed } = await crew(serverUrl, { count, rows, width: 64, latencyMs, concurrency: 1 })
    log(
      `fill: ${count} worker${count === 1 ? '' : 's'}, a provider of ${latencyMs} ms: ${Math.round(speed)} chunks/s`,
    )
    speeds.push(speed)
  }
  const [one, two] = speeds
  return {
    id: `worker/two`,
    title: `two workers, provider of ${latencyMs} ms`,
    value: two / one,
    unit: ' × one',
    better: 'higher',
    target: 1.6,
    detail: `${Math.round(two).toLocaleString('en')} chunks/s, one ${Math.round(one).toLocaleString('en')}; one call at a time each`,
  }
}

async function memory(serverUrl, sizes, log) {
  const peaks = []
  for (const rows of sizes) {
    const { rssMb } = await crew(serverUrl, { count: 1, rows, width: 256, latencyMs: 0, concurrency: 4 })
    log(`fill: ${rows} chunks: at most ${rssMb} MB resident`)
    peaks.push(rssMb)
  }
  return {
    id: `memory/fill/${sizes[1]}`,
    title: `resident memory of a worker, ${sizes.map((size) => size.toLocaleString('en')).join(' → ')} chunks`,
    value: peaks[1] - peaks[0],
    unit: ' MB more',
    better: 'lower',
    target: 100,
    detail: `at most ${peaks[0]} MB, then ${peaks[1]} MB`,
  }
}

/** Worker processes on a new database: their speed between the first batch and the last, by the events they record. */
function crew(serverUrl, { count, rows, width, ...provider }) {
  return withDatabase(serverUrl, async (databaseUrl) => {
    const models = [
      {
        modelName: 'remote',
        dimension: width,
        embed: async (texts) => texts.map(() => new Float32Array(width).fill(1)),
      },
    ]
    const revector = await createRevector({ databaseUrl, models })
    try {
      await revector.db.initialize()
      await loadChunks(databaseUrl, rows)
      await revector.migrations.start({ targetModel: 'remote' })
    } finally {
      await revector.db.close()
    }
    const request = JSON.stringify({ databaseUrl, dimension: width, ...provider })
    const running = Array.from({ length: count }, () =>
      spawn(process.execPath, [child, request], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    await Promise.all(running.map(({ stdout }) => event(stdout, 'data')))
    for (const { stdin } of running) stdin.write('go\n')
    const reports = await Promise.all(running.map(reportOf))
    const [{ seconds: took }] = await once(
      databaseUrl,
      `select extract(epoch from max(at) filter (where type = 'filled') - min(at) filter (where type = 'enqueued'))::float8
         as seconds from migration_events`,
    )
    return { speed: rows / took, rssMb: Math.max(...reports.map((report) => report.rssMb)) }
  })
}

async function reportOf(running) {
  let text = ''
  running.stdout.on('data', (bytes) => {
    text += bytes
  })
  const [code] = await event(running, 'close')
  if (code !== 0) throw new Error(`A worker ended with ${code}`)
  return JSON.parse(text)
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
const rate = (rows, ms) => Math.round((rows / ms) * 1000).toLocaleString('en')
