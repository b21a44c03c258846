// What users notice of a migration: how long their searches take while a worker of another process fills the target
// and builds its HNSW index, beside the same searches on an idle server; and how long a session waits for a cut-over or a
// roll-back, whatever the size of the corpus.
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createRevector } from '../../dist/index.js'
import { freeModel, numberedModel } from '../free-model.mjs'
import { median, percentile, timed } from '../measure.mjs'
import { startProber } from '../prober.mjs'
import { once, withDatabase } from '../server.mjs'
import { vectorSpace } from '../vectors.mjs'
import { loadChunks } from './search.mjs'

const child = fileURLToPath(new URL('../fill-child.mjs', import.meta.url))
const [dimension, targetWidth] = [384, 768]
const [queryCount, idleSearches, switches] = [100, 500, 5]
// Of the provider, which is asked for one batch at a time.
const latencyMs = 50

// Made-up vectors have no neighbours in common with others.
const move = { targetModel: 'remote', gates: { overlap: 0, recall: 0 } }

export async function live({ serverUrl, sizes, log }) {
  const figures = []
  for (const rows of sizes) {
    figures.push(...(await withDatabase(serverUrl, (url) => measure(url, rows, log))))
  }
  const kinds = ['live/p95', 'live/lock']
  return kinds.flatMap((kind) => figures.filter((figure) => figure.id.startsWith(kind)))
}

async function measure(databaseUrl, rows, log) {
  const space = vectorSpace(dimension)
  const documents = space.sample(rows, 2)
  const queries = space.sample(queryCount, 3)
  const target = numberedModel('remote', { dimension: targetWidth })
  const models = [freeModel('free', { dimension, documents, queries }), target]
  const revector = await createRevector({ databaseUrl, models })
  try {
    await revector.db.initialize()
    await loadChunks(databaseUrl, rows)
    const { modelName: first } = (await revector.models.list()).find((model) => model.current)
    await revector.ingestion.migrateToNewModel({ sourceModel: first, targetModel: 'free' })
    const ask = (n) =>
      revector.retriever.search({
        query: `query ${n}`,
        queryVector: queries[n % queryCount],
        topK: 10,
      })
    const worker = await startWorker(databaseUrl)
    await searches(ask, (n) => n < 50)
    const idle = (await searches(ask, (n) => n < idleSearches)).map(({ ms }) => ms)
    await revector.migrations.start(move)
    const filled = worker.run()
    let running = true
    filled.finally(() => {
      running = false
    })
    const during = await searches(ask, () => running)
    await filled
    const phases = await phasesOf(databaseUrl)
    const filling = within(during, phases.began, phases.filled)
    const building = within(during, phases.filled, phases.built)
    const busy = percentile([...filling, ...building], 0.95)
    const calm = percentile(idle, 0.95)
    const ms = (value) => (value === undefined ? '–' : `${value.toFixed(1)} ms`)
    log(
      `live: ${rows} chunks: p95 ${ms(calm)} idle, ${ms(busy)} during ${filling.length + building.length} searches`,
    )
    const locks = await switchBackAndForth(revector, databaseUrl, log)
    return [
      {
        id: `live/p95/${rows}`,
        title: `search p95 during a fill, ${rows.toLocaleString('en')} chunks`,
        value: busy / calm,
        unit: ' × idle',
        better: 'lower',
        target: 2,
        detail: `${ms(busy)}, idle ${ms(calm)}; while batches are stored ${ms(percentile(filling, 0.95))}, while the HNSW index is built ${ms(percentile(building, 0.95))}`,
      },
      {
        id: `live/lock/${rows}`,
        title: `longest wait for a cut-over or roll-back, ${rows.toLocaleString('en')} chunks`,
        value: locks.longestMs,
        unit: ' ms',
        better: 'lower',
        target: 50,
        detail: locks.detail,
      },
    ]
  } finally {
    await revector.db.close()
  }
}

/** One after the other, as long as `goOn` says: milliseconds of each, and when it began. */
async function searches(ask, goOn) {
  const times = []
  for (let n = 0; goOn(n); n++) {
    const at = Date.now()
    const { ms, result } = await timed(() => ask(n))
    if (result.hits.length !== 10) throw new Error(`Expected 10 hits, came ${result.hits.length}`)
    times.push({ at, ms })
  }
  return times
}

const within = (times, from, to) => times.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms)

/** When the fill and the build began and ended, by the events on record. The server runs on this machine's clock. */
async function phasesOf(databaseUrl) {
  const [phases] = await once(
    databaseUrl,
    `select extract(epoch from min(at) filter (where type = 'enqueued'))::float8 * 1000 as began,
            extract(epoch from max(at) filter (where type = 'filled'))::float8 * 1000 as filled,
            extract(epoch from max(at) filter (where type = 'indexed'))::float8 * 1000 as built
     from migration_events where migration_id = (select max(id) from model_migrations)`,
  )
  if (Object.values(phases).some((at) => at === null)) throw new Error('The fill did not come to its end')
  return phases
}

async function startWorker(databaseUrl) {
  const request = JSON.stringify({ databaseUrl, dimension: targetWidth, latencyMs, concurrency: 1 })
  const running = spawn(process.execPath, [child, request], { stdio: ['pipe', 'pipe', 'inherit'] })
  await event(running.stdout, 'data')
  running.stdout.resume()
  return {
    async run() {
      running.stdin.write('go\n')
      const [code] = await event(running, 'close')
      if (code !== 0) throw new Error(`The worker ended with ${code}`)
    },
  }
}

/** To the target and back, with a session that keeps reading the models and one that keeps locking them as a writer does. */
async function switchBackAndForth(revector, databaseUrl, log) {
  const calls = { cutOver: [], rollBack: [] }
  const waits = []
  for (let n = 0; n < switches; n++) {
    if (n > 0) {
      await revector.migrations.start(move)
      await revector.migrations.work({ once: true })
    }
    for (const call of ['cutOver', 'rollBack']) {
      const readers = await startProber(databaseUrl, `select * from embedding_models where state = 'current'`)
      const writers = await startProber(
        databaseUrl,
        `select id from embedding_models where state in ('current', 'filling', 'standby') order by id for share`,
      )
      calls[call].push((await timed(() => revector.migrations[call]())).ms)
      for (const prober of [readers, writers]) {
        const { longestMs, failures } = await prober.stop()
        if (failures.length > 0) throw new Error(`Others failed during the ${call}: ${failures.join('; ')}`)
        waits.push(longestMs)
      }
    }
  }
  log(`live: waits of others ${waits.map((ms) => ms.toFixed(1)).join(', ')} ms`)
  const detail = `longest of ${waits.length}; whole cut-over ${median(calls.cutOver).toFixed(1)} ms, roll-back ${median(calls.rollBack).toFixed(1)} ms`
  return { longestMs: Math.max(...waits), detail }
}
