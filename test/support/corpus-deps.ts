import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { type WrittenDocument, writeDocuments } from '../../src/ingest/write.ts'
import { fillModel } from '../../src/migrate/fill/fill-model.ts'
import { addModel, useModel } from '../../src/models/registry.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { type Layout, loadLayout } from '../../src/schema/layout.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import type { Model } from '../../src/wire/model.ts'
import { bareEnvironment, space, type WatchedModels, watchedModels } from './models.ts'
import { lines } from './paragraphs.ts'

/** An empty database with two models of different widths; the first is current. */
export interface TestCorpus {
  readonly db: Database
  readonly layout: Layout
  readonly models: WatchedModels
  readonly first: Model
  readonly second: Model
}

export async function testCorpus(db: Database): Promise<TestCorpus> {
  await runRevisions(db)
  const layout = await loadLayout(db)
  const first = await addModel({ db, layout }, space('first', 16))
  const second = await addModel({ db, layout }, space('second', 24))
  await useModel({ db, layout }, 'first')
  return { db, layout, models: watchedModels(), first, second }
}

/** Writes one document with the current model; its chunks are the lines. */
export async function writeLines(
  corpus: TestCorpus,
  source: string,
  texts: readonly string[],
  modelName?: string,
): Promise<string> {
  const { documents } = await writeDocuments(corpus, [lines(source, texts)], {
    failing: new Set(),
    modelName,
  })
  const [written] = documents
  return idOf(written)
}

/** Gives a model every vector it lacks. */
export async function embedChunks(corpus: TestCorpus, model: Model): Promise<number> {
  return (await fillModel(corpus, model)).embedded
}

/** Chunks whose stored vector is not the one that the model makes of their text. */
export async function wrongVectors(corpus: TestCorpus, model: Model): Promise<string[]> {
  const { rows } = await corpus.db.query<{ id: string; content: string }>(
    sql`select id::text as id, content from chunks`,
  )
  const opened = await openEmbeddingModel(model, bareEnvironment)
  const texts = rows.map((row) => row.content)
  const { vectors } = await opened.embed(texts, { kind: 'document' })
  const ids = rows.map((row) => row.id)
  const stored = await readVectors(corpus.db, corpus.layout, model, ids)
  return rows.flatMap((row, i) => {
    const there = stored.get(row.id)
    return there === undefined || vectors[i]?.every((value, at) => value === there[at]) ? [] : [row.content]
  })
}

/** The id of a document that was written. */
export function idOf(written: WrittenDocument | undefined): string {
  if (written === undefined || written.outcome === 'failed') throw new Error('The document was not written')
  return written.id
}
