// How good is one list of two models while a migration is under way? Takes a judged collection: a folder with
// corpus.jsonl (id, title, text), queries.jsonl (id, text) and qrels.tsv (query, document, grade).
//
//     node bench/serve-both.mjs FOLDER --from lexical-hash-256 --to universal-sentence-encoder-lite
//
// Moves a quarter, a half, three quarters and then all of the chunks, in the order a migration does, and prints
// nDCG@10 of each way to make one list, as a share of what the target reaches once it has everything.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRevector } from '../dist/index.js'

const depth = 100
const shares = [0.25, 0.5, 0.75, 1]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, to: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const [folder] = positionals
if (folder === undefined || values.from === undefined || values.to === undefined) {
  console.error('usage: node bench/serve-both.mjs FOLDER --from MODEL --to MODEL [--json]')
  process.exit(2)
}
const models = { sourceModel: values.from, targetModel: values.to }
const { documents, queries, grades } = readCollection(folder)
const place = mkdtempSync(join(tmpdir(), 'revector-bench-'))
const revector = await createRevector({ dataDir: join(place, 'data') })
try {
  await ingest()
  const chunks = (await revector.db.status()).chunks
  const rows = []
  for (const share of shares) {
    await move(share === 1 ? {} : { sample: Math.round(chunks * share) })
    const row = { share, ...(await measure()) }
    rows.push(row)
    console.error(`${share * 100} % moved: ${JSON.stringify(row)}`)
  }
  report(chunks, rows)
} finally {
  await revector.db.close()
  rmSync(place, { recursive: true, force: true })
}

async function ingest() {
  await revector.db.initialize()
  for (const name of Object.values(models)) await revector.models.add({ modelName: name })
  await revector.models.use(models.sourceModel, { force: true })
  for (const { id, title, text } of documents) {
    await revector.ingestion.ingestDocument({
      title: title || id,
      content: text,
      source: id,
      embeddingModel: models.sourceModel,
    })
  }
}

async function move(scope) {
  await revector.migrations.start({ ...models, scope })
  await revector.migrations.work({ once: true })
}

async function measure() {
  const sums = { source: 0, target: 0, both: 0, ranks: 0, cosines: 0 }
  for (const { id, text } of queries) {
    const ask = (more) => revector.retriever.search({ query: text, topK: depth, ...more })
    const source = await ask({ modelName: models.sourceModel })
    const target = await ask({ modelName: models.targetModel })
    const both = await ask({ serve: 'both' })
    if (both.serving.served !== 'both') throw new Error(both.serving.reason)
    const lists = { source: source.hits, target: target.hits, both: both.hits }
    lists.ranks = byRank([source.hits, target.hits])
    lists.cosines = byScore([target.hits, source.hits])
    for (const [name, hits] of Object.entries(lists)) sums[name] += ndcg(hits, grades.get(id))
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / queries.length]))
}

/** Reciprocal-rank fusion. */
function byRank(lists) {
  const scores = new Map()
  for (const hits of lists) {
    for (const hit of hits) {
      const before = scores.get(hit.chunkId)?.score ?? 0
      scores.set(hit.chunkId, { ...hit, score: before + 1 / (60 + hit.rank) })
    }
  }
  return [...scores.values()].sort((a, b) => b.score - a.score)
}

/** The first list's score of a chunk counts; scores of two spaces are compared as if they were of one. */
function byScore(lists) {
  const seen = new Map()
  for (const hit of lists.flat()) if (!seen.has(hit.chunkId)) seen.set(hit.chunkId, hit)
  return [...seen.values()].sort((a, b) => b.score - a.score)
}

/** Of documents: each counts where its best chunk stands. */
function ndcg(hits, grade) {
  const found = [...new Set(hits.map((hit) => hit.source))].slice(0, 10)
  const gain = (list) => list.reduce((sum, value, i) => sum + (2 ** value - 1) / Math.log2(i + 2), 0)
  const ideal = [...grade.values()].sort((a, b) => b - a).slice(0, 10)
  return gain(found.map((id) => grade.get(id) ?? 0)) / gain(ideal)
}

function readCollection(path) {
  const lines = (name) => readFileSync(join(path, name), 'utf8').trim().split('\n')
  const parsed = (name) => lines(name).map((line) => JSON.parse(line))
  const grades = new Map()
  for (const line of lines('qrels.tsv')) {
    const [query, document, grade] = line.split('\t')
    if (!(Number(grade) > 0)) continue
    if (!grades.has(query)) grades.set(query, new Map())
    grades.get(query).set(document, Number(grade))
  }
  return {
    documents: parsed('corpus.jsonl').filter(({ text }) => text.trim() !== ''),
    queries: parsed('queries.jsonl').filter(({ id }) => grades.has(id)),
    grades,
  }
}

function report(chunks, rows) {
  const whole = rows.at(-1).target
  const percent = (value) => `${Math.round((100 * value) / whole)} %`
  if (values.json) return console.log(JSON.stringify({ ...models, chunks, whole, rows }))
  console.log(
    `${chunks} chunks, ${queries.length} queries. nDCG@10 of the full target ${whole.toFixed(3)}, ` +
      `of the source ${rows[0].source.toFixed(3)} (${percent(rows[0].source)}).\n`,
  )
  console.log(
    '| moved | both (quantile map) | reciprocal ranks | raw cosines | target alone |\n|---|--:|--:|--:|--:|',
  )
  for (const { share, both, ranks, cosines, target } of rows.slice(0, -1)) {
    console.log(`| ${share * 100} % | ${[both, ranks, cosines, target].map(percent).join(' | ')} |`)
  }
}
