// npm run bench -- [--quick] [--only search,fill,live,ingest,ingest-documents,capture,upgrade,embedded,bundled,memory,http,hostile,scale,adopted] [--dimensions 384,1536,3072]
//   [--rows 10000,100000] [--save]
//
// One run on one machine, Revector and hand-written SQL side by side. Prints a table, writes results/latest.json
// and results/latest.svg; `--save` also keeps its figures in docs/bench/, in the place of older ones of the same name.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { adopted } from './cases/adopted.mjs'
import { bundled } from './cases/bundled.mjs'
import { capture } from './cases/capture.mjs'
import { embedded } from './cases/embedded.mjs'
import { fill } from './cases/fill.mjs'
import { hostile } from './cases/hostile.mjs'
import { http } from './cases/http.mjs'
import { ingest } from './cases/ingest.mjs'
import { ingestDocuments } from './cases/ingest-documents.mjs'
import { live } from './cases/live.mjs'
import { memory } from './cases/memory.mjs'
import { scale } from './cases/scale.mjs'
import { search } from './cases/search.mjs'
import { upgrade } from './cases/upgrade.mjs'
import { passes, picture, table } from './report.mjs'
import { benchServer, largeServer, once } from './server.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const results = join(folder, 'results')
const docs = join(folder, '..', 'docs', 'bench')
const cases = {
  search,
  fill,
  live,
  ingest,
  'ingest-documents': ingestDocuments,
  capture,
  upgrade,
  embedded,
  bundled,
  memory,
  http,
  hostile,
  scale,
  adopted,
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    save: { type: 'boolean' },
    only: { type: 'string' },
    dimensions: { type: 'string', default: '384,1536,3072' },
    rows: { type: 'string' },
    // Size of the larger folder of the memory case.
    megabytes: { type: 'string' },
  },
})
const sizes = options.rows?.split(',').map(Number) ?? (options.quick ? [10_000] : [10_000, 100_000])
// A million rows take the better part of an hour in one case; the others would take days.
const tooMany = 200_000
const chosen = options.only?.split(',') ?? (Math.max(...sizes) > tooMany ? ['scale'] : Object.keys(cases))
const unknown = chosen.filter((name) => !(name in cases))
if (unknown.length > 0)
  throw new Error(`No such case: ${unknown}. There are: ${Object.keys(cases).join(', ')}.`)
const dimensions = options.dimensions.split(',').map(Number)

const megabytes = options.megabytes === undefined ? undefined : Number(options.megabytes)

const begin = performance.now()
// Others that work on the machine meanwhile take from both sides, but not the same from each figure.
const busyBefore = loadavg()[0]
const log = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
const server = chosen.join() === 'scale' ? largeServer() : benchServer()
const figures = []
try {
  for (const name of chosen)
    figures.push(...(await cases[name]({ serverUrl: server.url, sizes, dimensions, log, megabytes })))
  const run = await circumstances()
  const measured = figures.map((figure) => ({ ...figure, pass: passes(figure), run }))
  keep(results, 'latest', measured)
  if (options.save) keep(docs, 'results', [...olderFigures(measured), ...measured])
  console.log(table(figures))
  console.log(`\n${run.machine}; ${run.server}; ${run.minutes} minutes; bench/results/latest.{json,svg}`)
} finally {
  server.stop()
}
if (figures.some((figure) => passes(figure) === false)) process.exitCode = 1

function keep(into, name, all) {
  mkdirSync(into, { recursive: true })
  writeFileSync(join(into, `${name}.json`), `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(join(into, `${name}.svg`), picture(all))
}

/** What was saved before and not measured now. */
function olderFigures(measured) {
  const ids = new Set(measured.map(({ id }) => id))
  try {
    const saved = JSON.parse(readFileSync(join(docs, 'results.json'), 'utf8'))
    return saved.filter(({ id }) => !ids.has(id))
  } catch {
    return []
  }
}

async function circumstances() {
  const [row] = await once(
    server.url,
    `select current_setting('server_version') as postgres,
       (select default_version from pg_available_extensions where name = 'vector') as pgvector`,
  )
  const [cpu] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release().split('-')[0]}, Node ${process.versions.node}`,
    server: `PostgreSQL ${row.postgres}, pgvector ${row.pgvector}`,
    // Processes that wanted a processor, a minute before and at the end.
    load: [busyBefore, loadavg()[0]].map((value) => Math.round(value * 10) / 10),
    minutes: Math.round((performance.now() - begin) / 6000) / 10,
  }
}
