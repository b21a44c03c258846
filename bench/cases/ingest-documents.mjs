// What a program pays to store short texts of its own, a document each, with vectors that cost nothing: `ingestDocument` one
// by one, `ingestDocuments`, and `ingestChunks` with the vectors handed in; beside hand-written INSERTs of 500
// rows at once. HNSW index included, except one by one. On a server and on the embedded engine.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { createRevector } from '../../dist/index.js'
import { freeModel } from '../free-model.mjs'
import { createIndex, createTable, insertRows, openHandWritten } from '../hand-written.mjs'
import { median, timed } from '../measure.mjs'
import { withDatabase } from '../server.mjs'
import { vectorSpace } from '../vectors.mjs'

const dimension = 384
const rows = 5_000
/** One by one takes too long for as many. */
const alone = 200
const rounds = 3

export async function ingestDocuments({ serverUrl, log }) {
  const vectors = vectorSpace(dimension).sample(rows + alone, 2)
  const figures = []
  for (const engine of ['server', 'embedded']) {
    const runs = []
    for (let round = 1; round <= rounds; round++) {
      runs.push(await (engine === 'server' ? onServer(serverUrl, vectors) : onEmbedded(vectors)))
      log(`ingest-documents: ${engine}, round ${round}: ${described(runs.at(-1))}`)
    }
    const of = (name) => median(runs.map((run) => run[name]))
    const times = { one: of('one'), documents: of('documents'), chunks: of('chunks'), byHand: of('byHand') }
    figures.push({
      id: `ingest-documents/${engine}`,
      title: `ingestDocuments of ${rows.toLocaleString('en')} short texts, ${engine}`,
      value: times.documents / times.byHand,
      unit: ' × by hand',
      better: 'lower',
      target: 3,
      detail: `${described(times)}; medians of ${rounds} rounds`,
    })
  }
  return figures
}

const described = ({ one, documents, chunks, byHand }) =>
  `a document one by one ${one.toFixed(2)} ms, ingestDocuments ${documents.toFixed(2)}, ingestChunks ${chunks.toFixed(2)}, by hand ${byHand.toFixed(2)}`

const textOf = (n) => `passage ${n} of the corpus, a text of one sentence that says little and is soon read.`

function onServer(serverUrl, vectors) {
  return withDatabase(serverUrl, async (databaseUrl) => {
    const ours = await measure({ databaseUrl }, vectors)
    const plain = await openHandWritten(databaseUrl, dimension)
    try {
      await createTable(plain)
      const { ms } = await timed(async () => {
        await insertRows(plain, vectors.slice(0, rows), textOf, 1)
        await createIndex(plain)
      })
      return { ...ours, byHand: ms / rows }
    } finally {
      await plain.close()
    }
  })
}

async function onEmbedded(vectors) {
  const folder = mkdtempSync(join(tmpdir(), 'revector-bench-'))
  try {
    const ours = await measure({ dataDir: join(folder, 'ours') }, vectors)
    const db = await PGlite.create({ dataDir: join(folder, 'plain'), extensions: { vector } })
    try {
      await db.exec(`
        create extension vector;
        create table plain_chunks (id bigint primary key, title text, content text not null, embedding vector(${dimension}))`)
      const { ms } = await timed(async () => {
        for (let from = 0; from < rows; from += 500) {
          const ids = Array.from({ length: Math.min(500, rows - from) }, (_, i) => from + i)
          await db.query(
            `insert into plain_chunks (id, title, content, embedding)
             select id, title, content, embedding::vector
             from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as u (id, title, content, embedding)`,
            [
              ids,
              ids.map((id) => `document ${id}`),
              ids.map(textOf),
              ids.map((id) => `[${vectors[id].join(',')}]`),
            ],
          )
        }
        await db.exec('create index on plain_chunks using hnsw (embedding vector_cosine_ops)')
      })
      return { ...ours, byHand: ms / rows }
    } finally {
      await db.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds a document, each way into a corpus of its own kind: first one by one, then the many. */
async function measure(place, vectors) {
  const revector = await createRevector({
    ...place,
    models: [freeModel('free', { dimension, documents: vectors })],
  })
  try {
    await revector.db.initialize()
    const { from } = await revector.models.use('free')
    await revector.models.remove(from)
    const { ingestion } = revector
    const one = await timed(async () => {
      for (let n = rows; n < rows + alone; n++) {
        await ingestion.ingestDocument({ title: `document ${n}`, source: `one:${n}`, content: textOf(n) })
      }
    })
    const documents = await timed(() => ingestion.ingestDocuments(made((n) => ({ content: textOf(n) }))))
    await revector.documents.removeAll({ filter: { title: 'document' } })
    const chunks = await timed(() =>
      ingestion.ingestChunks(
        made((n) => ({ chunks: [{ content: textOf(n), vectors: { free: vectors[n] } }] })),
      ),
    )
    for (const { result } of [documents, chunks]) {
      if (result.documents !== rows || result.failed.length > 0)
        throw new Error('Not all documents were stored')
    }
    return { one: one.ms / alone, documents: documents.ms / rows, chunks: chunks.ms / rows }
  } finally {
    await revector.db.close()
  }
}

function* made(textsOf) {
  for (let n = 0; n < rows; n++) yield { title: `document ${n}`, source: `bench:${n}`, ...textsOf(n) }
}
