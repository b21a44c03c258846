// Ingest of precomputed vectors: files with ten passages each go through the whole of it (read, recognised, split,
// hashed, counted, compared with what is there, written, HNSW index built), with a model that costs nothing. By hand: the
// same files are read, split at their blank lines and inserted in bulk with the same vectors; then the HNSW index.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRevector } from '../../dist/index.js'
import { freeModel } from '../free-model.mjs'
import { createIndex, createTable, insertRows, openHandWritten } from '../hand-written.mjs'
import { median, timed } from '../measure.mjs'
import { withDatabase } from '../server.mjs'
import { random, vectorSpace } from '../vectors.mjs'

const dimension = 384
const perDocument = 10
// The build of one and the same HNSW index takes half as long again in one run as in another.
const repeats = 3

export async function ingest({ serverUrl, sizes, log }) {
  const figures = []
  for (const rows of sizes) {
    const folder = mkdtempSync(join(tmpdir(), 'revector-bench-'))
    try {
      const passages = writeFiles(folder, rows)
      log(`ingest: ${rows} passages in ${rows / perDocument} files`)
      const documents = vectorSpace(dimension).sample(passages.length, 2)
      const runs = []
      for (let run = 1; run <= repeats; run++) {
        runs.push(await withDatabase(serverUrl, (url) => measure(url, { folder, documents })))
        const { ours, byHand } = runs.at(-1)
        log(`ingest: run ${run}: ${(ours / 1000).toFixed(1)} s, by hand ${(byHand / 1000).toFixed(1)} s`)
      }
      figures.push(figureOf(rows, runs))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return figures
}

/** Milliseconds from files to HNSW index, on both sides. */
async function measure(databaseUrl, { folder, documents }) {
  const model = freeModel('free', { dimension, documents })
  const revector = await createRevector({ databaseUrl, models: [model] })
  const plain = await openHandWritten(databaseUrl, dimension)
  try {
    await revector.db.initialize()
    // The one model that documents are written to.
    const { from } = await revector.models.use('free')
    await revector.models.remove(from)
    const ours = await timed(() => revector.ingestion.ingestPaths({ paths: [folder] }))
    const { chunks, failed } = ours.result
    if (chunks !== documents.length || failed.length > 0) {
      throw new Error(`Expected ${documents.length} chunks, came ${chunks}, ${failed.length} files failed`)
    }
    await createTable(plain)
    const byHand = await timed(async () => {
      const texts = await readPassages(folder)
      await insertRows(plain, documents, (n) => texts[n], perDocument)
      await createIndex(plain)
    })
    return { ours: ours.ms, byHand: byHand.ms }
  } finally {
    await revector.db.close()
    await plain.close()
  }
}

function figureOf(chunks, runs) {
  const ours = median(runs.map((run) => run.ours))
  const byHand = median(runs.map((run) => run.byHand))
  const rate = (ms) => Math.round((chunks / ms) * 1000).toLocaleString('en')
  return {
    id: `ingest/${dimension}/${chunks}`,
    title: `ingest of ${chunks.toLocaleString('en')} chunks, ${dimension}-d`,
    value: byHand / ours,
    unit: ' × by hand',
    better: 'higher',
    target: 0.7,
    detail: `${rate(ours)} chunks/s from files to HNSW index, by hand ${rate(byHand)}; medians of ${repeats} runs`,
  }
}

const words =
  'the of a system index vector query table search model document passage row value key state'.split(' ')

/** Passages of some 150 words, each a paragraph that makes one chunk. */
function writeFiles(folder, rows) {
  const next = random(11)
  const passages = Array.from({ length: rows }, (_, n) => {
    const text = Array.from({ length: 150 }, () => words[Math.floor(next() * words.length)])
    return `passage ${n} of the corpus ${text.join(' ')}.`
  })
  for (let from = 0; from < rows; from += perDocument) {
    const part = join(folder, String(Math.floor(from / 10_000)))
    mkdirSync(part, { recursive: true })
    writeFileSync(join(part, `${from}.md`), passages.slice(from, from + perDocument).join('\n\n'))
  }
  return passages
}

/** Passages by their numbers, as a program would read them that knows how these files are made. */
async function readPassages(folder) {
  const passages = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8')
    for (const passage of text.split('\n\n')) passages[Number(/^passage (\d+)/.exec(passage)[1])] = passage
  }
  return passages
}
