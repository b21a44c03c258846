// The upgrade of a live fixed-dimension table: how long do readers and writers wait, and does that grow with
// the table? Three fresh copies of each size; the longest wait of a run is its figure, the median of runs counts.

import pg from 'pg'
import { createRevector } from '../../dist/index.js'
import { insertLegacy, legacySchema } from '../legacy.mjs'
import { median, timed } from '../measure.mjs'
import { startProber } from '../prober.mjs'
import { once, withDatabase } from '../server.mjs'

const dimension = 1536
const runs = 3

export async function upgrade({ serverUrl, sizes, log }) {
  const locks = []
  for (const rows of sizes) {
    locks.push({ rows, ...(await measure(serverUrl, rows, log)) })
  }
  const figures = locks.map(({ rows, longestMs, detail }) => ({
    id: `upgrade/lock/${rows}`,
    title: `upgrade of ${rows.toLocaleString('en')} rows: longest wait`,
    value: longestMs,
    unit: ' ms',
    better: 'lower',
    target: 100,
    detail,
  }))
  const [first, last] = [locks[0], locks.at(-1)]
  if (first !== last) {
    figures.push({
      id: 'upgrade/growth',
      title: `longest wait, ${last.rows.toLocaleString('en')} : ${first.rows.toLocaleString('en')} rows`,
      value: last.longestMs / first.longestMs,
      unit: ' ×',
      better: 'lower',
      target: 2,
      detail: '',
    })
  }
  return figures
}

async function measure(serverUrl, rows, log) {
  return withDatabase(serverUrl, async (template) => {
    log(`upgrade: making a fixed-dimension table of ${rows} × ${dimension} with its HNSW index`)
    const pool = new pg.Pool({ connectionString: template })
    await legacySchema(pool, dimension)
    await insertLegacy(pool, rows, dimension)
    await pool.end()
    const results = []
    for (let run = 0; run < runs; run++) {
      results.push(await upgradeCopy(serverUrl, template, rows))
      log(`upgrade: ${rows} rows, run ${run + 1}: ${JSON.stringify(results.at(-1))}`)
    }
    const reads = median(results.map((result) => result.readMs))
    const writes = median(results.map((result) => result.writeMs))
    const seconds = median(results.map((result) => result.totalMs)) / 1000
    return {
      longestMs: Math.max(reads, writes),
      detail: `readers ${reads.toFixed(0)} ms, writers ${writes.toFixed(0)} ms; whole upgrade ${seconds.toFixed(1)} s`,
    }
  })
}

async function upgradeCopy(serverUrl, template, rows) {
  return withDatabase(
    serverUrl,
    async (databaseUrl) => {
      const readers = await startProber(databaseUrl, 'select id from chunk_embeddings limit 1')
      const writers = await startProber(
        databaseUrl,
        'update chunk_embeddings set created_at = created_at where id = 1',
      )
      const revector = await createRevector({ databaseUrl })
      const { ms: totalMs, result: status } = await timed(() =>
        revector.db.run({ model: 'text-embedding-ada-002' }),
      )
      const [reading, writing] = [await readers.stop(), await writers.stop()]
      await revector.db.close()
      const [{ kept }] = await once(databaseUrl, 'select count(*)::int as kept from chunk_embeddings')
      if (kept !== rows) throw new Error(`The upgrade kept ${kept} of ${rows} rows`)
      const failures = [...reading.failures, ...writing.failures]
      if (failures.length > 0) throw new Error(`Others failed during the upgrade: ${failures.join('; ')}`)
      return { readMs: reading.longestMs, writeMs: writing.longestMs, totalMs, revision: status.revision }
    },
    { template: new URL(template).pathname.slice(1) },
  )
}
