// How many of the ten nearest an HNSW index finds of chunks, which a calibration asks with, and of questions:
//   node bench/questions.mjs --rows 300000                               synthetic vectors of 384 numbers
//   node bench/questions.mjs --documents FILE --questions FILE --dimension 512   real ones, as 32-bit floats
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { arrayOfVectors } from './hand-written.mjs'
import { benchServer, withDatabase } from './server.mjs'
import { vectorSpace } from './vectors.mjs'

const efforts = [40, 80, 160, 320, 640]
const [k, asked, batch] = [10, 300, 500]
const number = { type: 'string' }
const { values } = parseArgs({
  options: { rows: number, documents: number, questions: number, dimension: number },
})
const dimension = Number(values.dimension ?? 384)
const space = vectorSpace(dimension)
const documents = values.documents ? read(values.documents) : space.sample(Number(values.rows ?? 100_000), 2)
const questions = values.questions ? read(values.questions) : space.sample(asked, 99)

const server = benchServer()
try {
  await withDatabase(server.url, measure)
} finally {
  server.stop()
}

async function measure(url) {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  await pool.query(`create table plain (id int primary key, embedding vector(${dimension}))`)
  const toArray = await arrayOfVectors(pool)
  for (let from = 0; from < documents.length; from += batch) {
    const rows = documents.slice(from, from + batch)
    await pool.query('insert into plain select * from unnest($1::int[], $2::vector[])', [
      rows.map((_, i) => from + i),
      toArray(rows),
    ])
  }
  await pool.query(`set maintenance_work_mem = '3GB'`)
  await pool.query('create index on plain using hnsw (embedding vector_cosine_ops)')
  await pool.query('analyze plain')

  const nearest = async (vector, count, effort) => {
    await pool.query(
      effort === null
        ? 'set enable_indexscan = off; set enable_seqscan = on'
        : `set enable_indexscan = on; set enable_seqscan = off; set hnsw.ef_search = ${effort}`,
    )
    const { rows } = await pool.query({
      text: 'select id from plain order by embedding <=> ($1::vector[])[1] limit $2',
      values: [toArray([vector]), count],
    })
    return rows.map(({ id }) => id)
  }
  const step = Math.max(1, Math.floor(documents.length / asked))
  const picked = Array.from({ length: asked }, (_, i) => (i * step) % documents.length)
  const kinds = {
    chunks: picked.map((id) => ({ vector: documents[id], self: id })),
    questions: questions.map((vector) => ({ vector, self: null })),
  }
  const table = {}
  for (const [kind, all] of Object.entries(kinds)) {
    table[kind] = await recalls(all, nearest)
    console.error(kind, table[kind])
  }
  console.table(table)
  await pool.end()
}

/** Recall of the ten nearest by effort. */
async function recalls(all, nearest) {
  const found = Object.fromEntries(efforts.map((effort) => [effort, 0]))
  for (const { vector, self } of all) {
    const others = (ids) => ids.filter((id) => id !== self).slice(0, k)
    const truth = new Set(others(await nearest(vector, k + 1, null)))
    for (const effort of efforts) {
      found[effort] += others(await nearest(vector, k + 1, effort)).filter((id) => truth.has(id)).length
    }
  }
  return Object.fromEntries(
    efforts.map((effort) => [effort, Number((found[effort] / all.length / k).toFixed(4))]),
  )
}

function read(file) {
  const bytes = readFileSync(file)
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4))
  return Array.from({ length: numbers.length / dimension }, (_, i) =>
    numbers.slice(i * dimension, (i + 1) * dimension),
  )
}
