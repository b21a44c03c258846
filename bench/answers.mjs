// npm run bench:answers -- FOLDER… [--model NAME] [--questions N] [--keep FOLDER]
//
// Extractive answers on judged collections: folders with corpus.jsonl ({ id, title, text }), queries.jsonl ({ id, text })
// and qrels.tsv (query, document, grade). Each collection is ingested into a new embedded database and asked
//   its own questions: is the answer taken from a document that is judged relevant?
//   its own questions, with the relevant documents left out of the search: is it said that there is no answer?
//   the questions of the other collections given: the same.
// With --keep the databases stay in that folder, and are used again by the next run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRevector } from '../dist/index.js'
import { median } from './measure.mjs'

const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'universal-sentence-encoder-lite' },
    questions: { type: 'string', default: '100' },
    keep: { type: 'string' },
  },
})
if (folders.length === 0) throw new Error('Give the folders of one or more judged collections.')
const collections = folders.map(read)
const rows = []
for (const collection of collections) rows.push(await measure(collection))
console.log(table(rows))

async function measure(collection) {
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'revector-answers-'))
  const dataDir = join(folder, `db-${collection.name}`)
  const revector = await createRevector({ dataDir, logLevel: 'silent' })
  try {
    await revector.models.list()
    const known = (await revector.models.list()).map(({ modelName }) => modelName)
    if (!known.includes(options.model)) await revector.models.add({ modelName: options.model })
    await revector.models.use(options.model, { force: true })
    const ids = await ingest(revector, collection)
    const own = sample(collection.queries)
    const others = collections
      .filter((other) => other !== collection)
      .flatMap((other) => sample(other.queries))
    const asked = []
    for (const query of own)
      asked.push(await ask(revector, query, collection.relevant.get(query.id) ?? new Set()))
    const leftOut = []
    for (const query of own) {
      const relevant = collection.relevant.get(query.id) ?? new Set()
      const documentIds = [...ids].filter(([id]) => !relevant.has(id)).map(([, documentId]) => documentId)
      leftOut.push(await ask(revector, query, relevant, { documentIds }))
    }
    const foreign = []
    for (const query of others) foreign.push(await ask(revector, query, new Set()))
    return summary(collection, { asked, leftOut, foreign })
  } finally {
    await revector.db.close()
    if (options.keep === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

async function ingest(revector, { documents, name }) {
  const ids = new Map()
  for (const { id, title, text } of documents) {
    if (text.trim() === '') continue
    const document = { title: title || id, content: text, source: id, mediaType: 'text/plain' }
    ids.set(id, await revector.ingestion.ingestDocument(document))
    if (ids.size % 200 === 0) process.stderr.write(`${name}: ${ids.size} of ${documents.length} documents\n`)
  }
  return ids
}

async function ask(revector, query, relevant, filter) {
  let hits = []
  for await (const event of revector.answers.stream({
    query: query.text,
    mode: 'extractive',
    ...(filter === undefined ? {} : { filter }),
  })) {
    if (event.type === 'hits') hits = event.hits.map(({ source }) => relevant.has(source))
    if (event.type !== 'done') continue
    const { answered, citations, tookMs } = event.answer
    return { answered, hits, cited: citations.map(({ source }) => relevant.has(source)), tookMs }
  }
}

function summary({ name, documents }, { asked, leftOut, foreign }) {
  const answerable = asked.filter(({ hits }) => hits.includes(true))
  const answered = answerable.filter((one) => one.answered)
  const share = (list, holds) => (list.length === 0 ? null : list.filter(holds).length / list.length)
  return {
    collection: name,
    documents: documents.length,
    questions: asked.length,
    found: answerable.length,
    refused_though_found: share(answerable, (one) => !one.answered),
    first_hit_relevant: share(answered, ({ hits }) => hits[0] === true),
    any_citation_relevant: share(answered, ({ cited }) => cited.includes(true)),
    citations_relevant: share(
      answered.flatMap(({ cited }) => cited),
      (relevant) => relevant,
    ),
    hits_relevant: share(
      answered.flatMap(({ hits }) => hits),
      (relevant) => relevant,
    ),
    refused_left_out: share(leftOut, (one) => !one.answered),
    foreign_questions: foreign.length,
    refused_foreign: share(foreign, (one) => !one.answered),
    median_ms: Math.round(median(asked.map(({ tookMs }) => tookMs)) * 10) / 10,
  }
}

/** Evenly over the list, the same at every run. */
function sample(list) {
  const most = Number(options.questions)
  if (list.length <= most) return list
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)])
}

function read(folder) {
  const lines = (file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  const relevant = new Map()
  for (const line of lines('qrels.tsv')) {
    const [query, document, grade] = line.split('\t')
    if (Number(grade) <= 0) continue
    if (!relevant.has(query)) relevant.set(query, new Set())
    relevant.get(query).add(document)
  }
  return {
    name: basename(folder),
    documents: lines('corpus.jsonl').map((line) => JSON.parse(line)),
    queries: lines('queries.jsonl').map((line) => JSON.parse(line)),
    relevant,
  }
}

function table(all) {
  const percent = (value) =>
    typeof value === 'number' && value <= 1 ? `${(100 * value).toFixed(1)} %` : String(value ?? '')
  const names = Object.keys(all[0]).slice(1)
  const shown = (row, name) => (/refused|relevant/.test(name) ? percent(row[name]) : String(row[name] ?? ''))
  return names
    .map((name) =>
      [name.replaceAll('_', ' ').padEnd(24), ...all.map((row) => shown(row, name).padStart(12))].join(' '),
    )
    .toSpliced(0, 0, [''.padEnd(24), ...all.map(({ collection }) => collection.padStart(12))].join(' '))
    .join('\n')
}
