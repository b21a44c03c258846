// What a service is asked often, asked over HTTP; and writes, with the search that follows each.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { timed } from '../measure.mjs'
import { benchService } from '../service.mjs'
import { exactNearest } from '../vectors.mjs'

const times = 20

export async function startServing(revector) {
  const service = await benchService(revector, 'admin')
  const headers = { authorization: `Bearer ${service.secret}` }
  const get = async (path) => {
    const response = await fetch(`${service.url}${path}`, { headers })
    const body = await response.text()
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${body}`)
  }
  return {
    stop: () => service.stop(),
    async measure(searchFor, log) {
      const asked = {}
      const say = (name) =>
        log(
          `scale: ${name}: ${asked[name]
            .map((ms) => ms.toFixed(1))
            .slice(0, 8)
            .join(', ')} ms`,
        )
      for (const [name, path] of Object.entries(pages)) {
        // The first call counts what is remembered afterwards.
        asked[name] = await repeated(() => get(path), times + 1)
        say(name)
      }
      asked.doctor = await repeated(() => get('/api/v1/doctor?probe=false'), 3)
      say('doctor')
      Object.assign(asked, await writes(revector, searchFor))
      for (const name of writeNames) say(name)
      return asked
    },
  }
}

/** By name: what the console, a monitor or an orchestrator asks again and again. */
const pages = {
  readyz: '/readyz',
  metrics: '/metrics',
  status: '/api/v1/status',
  models: '/api/v1/models',
  'documents list': '/api/v1/documents?limit=50',
  'documents by name': '/api/v1/documents?limit=50&q=team%20777',
  'migration status': '/api/v1/migrations/1',
}

const writeNames = [
  'ingest of one text',
  'ingest of one file',
  'search after a write',
  'delete of one document',
]

async function writes(revector, searchFor) {
  const asked = Object.fromEntries(writeNames.map((name) => [name, []]))
  const folder = mkdtempSync(join(tmpdir(), 'revector-scale-'))
  for (let n = 0; n < times; n += 1) {
    const file = join(folder, `${n}.txt`)
    writeFileSync(file, `passage ${n} of the corpus`)
    const ingested = await timed(() => revector.ingestion.ingestPaths({ paths: [file] }))
    if (ingested.result.documents !== 1) throw new Error(JSON.stringify(ingested.result))
    asked['ingest of one file'].push(ingested.ms)
    const written = await timed(() =>
      revector.ingestion.ingestDocument({
        title: `written ${n}`,
        content: `passage ${n} of the corpus`,
        source: `written:${n}`,
      }),
    )
    asked['ingest of one text'].push(written.ms)
    asked['search after a write'].push((await timed(() => searchFor(n))).ms)
    asked['delete of one document'].push((await timed(() => revector.documents.remove(written.result))).ms)
    asked['search after a write'].push((await timed(() => searchFor(n))).ms)
  }
  rmSync(folder, { recursive: true })
  return asked
}

async function repeated(call, count) {
  const all = []
  for (let n = 0; n < count; n += 1) all.push((await timed(call)).ms)
  return all
}

/** Share of the exact ten nearest that were found, of those that pass. */
export async function recallAt10(documents, queries, { search, passes }) {
  const numbers = passes && [...documents.keys()].filter(passes)
  const within = numbers ? numbers.map((n) => documents[n]) : documents
  let found = 0
  let wanted = 0
  for (const [i, query] of queries.entries()) {
    const exact = exactNearest(within, query, 10).map(
      (at) => `passage ${numbers ? numbers[at] : at} of the corpus`,
    )
    const { hits } = await search(i)
    wanted += exact.length
    found += hits.filter((hit) => exact.includes(hit.content)).length
  }
  return found / wanted
}
