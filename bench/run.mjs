// npm run bench [-- --quick] [-- --only search,ingest,upgrade,embedded,memory] [-- --save]
//
// One run on one machine, Revector and hand-written SQL side by side. Prints a table, writes results/latest.json
// and results/latest.svg; `--save` also keeps them in docs/bench/.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { embedded } from './cases/embedded.mjs'
import { ingest } from './cases/ingest.mjs'
import { memory } from './cases/memory.mjs'
import { search } from './cases/search.mjs'
import { upgrade } from './cases/upgrade.mjs'
import { passes, picture, table } from './report.mjs'
import { benchServer, once } from './server.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const results = join(folder, 'results')
const cases = { search, ingest, upgrade, embedded, memory }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    save: { type: 'boolean' },
    only: { type: 'string' },
    // Size of the larger folder of the memory case.
    megabytes: { type: 'string' },
  },
})
const chosen = options.only?.split(',') ?? Object.keys(cases)
const unknown = chosen.filter((name) => !(name in cases))
if (unknown.length > 0)
  throw new Error(`No such case: ${unknown}. There are: ${Object.keys(cases).join(', ')}.`)
const sizes = options.quick ? [10_000] : [10_000, 100_000]

const megabytes = options.megabytes === undefined ? undefined : Number(options.megabytes)

const begin = performance.now()
const log = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
const server = benchServer()
const figures = []
try {
  for (const name of chosen)
    figures.push(...(await cases[name]({ serverUrl: server.url, sizes, log, megabytes })))
  const report = {
    ...(await circumstances()),
    figures: figures.map((figure) => ({ ...figure, pass: passes(figure) })),
  }
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(results, 'latest.svg'), picture(figures, report))
  if (options.save) {
    cpSync(join(results, 'latest.json'), join(folder, '..', 'docs', 'bench', 'results.json'))
    cpSync(join(results, 'latest.svg'), join(folder, '..', 'docs', 'bench', 'results.svg'))
  }
  console.log(table(figures))
  console.log(
    `\n${report.machine}; ${report.server}; ${report.minutes} minutes; bench/results/latest.{json,svg}`,
  )
} finally {
  server.stop()
}
if (figures.some((figure) => passes(figure) === false)) process.exitCode = 1

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
    quick: options.quick === true,
    minutes: Math.round((performance.now() - begin) / 6000) / 10,
  }
}
