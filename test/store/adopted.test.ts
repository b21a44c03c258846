import { beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { type Layout, loadLayout } from '../../src/schema/layout.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { chunksOfDocument, insertChunks } from '../../src/store/chunks.ts'
import {
  countDocumentVectors,
  countMatching,
  countVectors,
  countVectorsOfModels,
  missingChunks,
} from '../../src/store/coverage.ts'
import {
  deleteDocuments,
  documentsBySource,
  getDocument,
  insertDocuments,
  listDocuments,
  type NewDocument,
  updateDocument,
} from '../../src/store/documents.ts'
import { copyVectorsOfSameContent, fillVectors, putVectors, readVectors } from '../../src/store/embeddings.ts'
import { requireModel } from '../../src/store/models.ts'
import { findNearest } from '../../src/store/nearest.ts'
import { explainNearest } from '../../src/store/nearest-plan.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import type { Model } from '../../src/wire/model.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, spec } from './corpus.ts'

/** Other names, uuids without defaults, keys that don't cascade, NULLs, and vectors at i degrees. */
const owner = `
  create table articles (
    article_key uuid primary key,
    name varchar(80) not null,
    metadata text,
    tenant int not null,
    created_at timestamp
  );
  create table passages (
    passage_key uuid primary key,
    article_key uuid references articles (article_key),
    passage_text text,
    chunk_index bigint,
    language text not null
  );
  create table chunk_embeddings (
    id bigserial primary key,
    chunk_id uuid not null references passages (passage_key),
    embedding vector(3)
  );
  insert into articles
    select md5('article ' || a)::uuid, 'Article ' || a, 'not json', a, timestamp '2025-01-01' + a * interval '1 day'
    from generate_series(1, 20) a;
  insert into passages
    select md5('passage ' || p)::uuid, md5('article ' || (1 + p / 30))::uuid, 'Passage ' || p, p % 30, 'en'
    from generate_series(0, 599) p;
  insert into chunk_embeddings (chunk_id, embedding)
    select md5('passage ' || p)::uuid,
      case when p < 590 then format('[%s,%s,0]', cosd(p * 0.25), sind(p * 0.25))::vector end
    from generate_series(0, 594) p;`

const uuidOf = (text: string) => sql`select md5(${text})::uuid::text as id`

function at(degrees: number): Float32Array {
  return Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180), 0)
}

function newDocument(source: string | null): NewDocument {
  return {
    title: 'A new one',
    content: 'Its whole text',
    source,
    mediaType: 'text/plain',
    contentHash: 'hash',
    metadata: { new: true },
  }
}

const text = (position: number, content: string) => ({
  position,
  content,
  startOffset: 0,
  endOffset: content.length,
  headingPath: ['H'],
  page: null,
  tokenCount: 1,
  contentHash: `hash of ${content}`,
})

describeEngines('a database that others made', (engine) => {
  let db: Database
  let layout: Layout
  let model: Model

  beforeAll(async () => {
    db = await engine.connect()
    await db.query(raw(owner))
    await runRevisions(db, {
      model: spec('theirs', 3),
      tables: { chunksTable: 'passages', documentsTable: 'articles' },
    })
    layout = await loadLayout(db)
    model = await requireModel(db, 'theirs')
  })

  const idOf = async (name: string): Promise<string> =>
    (await db.query<{ id: string }>(uuidOf(name))).rows[0]?.id ?? ''

  test('has ids and names of its own', () => {
    expect(layout).toMatchObject({
      documents: { table: { name: 'articles' }, id: 'article_key', idType: 'uuid', title: 'name' },
      chunks: {
        table: { name: 'passages' },
        id: 'passage_key',
        idType: 'uuid',
        documentId: 'article_key',
        content: 'passage_text',
      },
    })
    expect(model).toMatchObject({ dimension: 3, state: 'current' })
  })

  test('is searched as our own, along its HNSW index and exactly', async () => {
    const request = { model, vector: at(20), k: 5, versionOf: null, vectors: 1_000_000 }
    const tuning = { ...defaultTuning, exactRows: 50 }
    expect((await explainNearest(db, layout, request, tuning)).usesHnswIndex).toBe(true)
    for (const vectors of [1_000_000, 10]) {
      const { found } = await findNearest(db, layout, { ...request, vectors }, { tuning })
      expect(found.map((chunk) => chunk.content).sort()).toEqual(
        [78, 79, 80, 81, 82].map((p) => `Passage ${p}`),
      )
      expect(found[0]).toMatchObject({
        chunkId: await idOf('passage 80'),
        documentId: await idOf('article 3'),
        title: 'Article 3',
        metadata: {},
        headingPath: [],
        startOffset: null,
      })
      const filter = { title: 'ARTICLE 17', createdAfter: new Date('2025-01-10T00:00:00Z') }
      const filtered = await findNearest(db, layout, { ...request, vectors, filter, k: 40 }, { tuning })
      expect(filtered.found.map((chunk) => chunk.title)).toEqual(Array(30).fill('Article 17'))
    }
  })

  test('vectors that are NULL or absent are missing, and can be filled', async () => {
    expect(await countVectors(db, layout, model)).toMatchObject({ chunks: 600, vectors: 590 })
    expect((await countVectorsOfModels(db, [model])).get(model.id)).toBe(590)
    const last = await idOf('article 20')
    expect(await countMatching(db, layout, model, { documentIds: [last] })).toMatchObject({
      chunks: 30,
      vectors: 20,
    })
    expect(await countDocumentVectors(db, layout, last)).toEqual({
      chunks: 30,
      vectors: new Map([[model.id, 20]]),
    })
    const missing = await missingChunks(db, layout, model, { limit: 100 })
    expect(missing.map((row) => row.content).sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => `Passage ${590 + i}`),
    )
    const items = missing.map(({ id }) => ({ chunkId: id, vector: at(270) }))
    expect(await fillVectors(db, layout, model, items)).toBe(10)
    expect(await fillVectors(db, layout, model, items)).toBe(0)
    const ids = missing.map(({ id }) => id)
    expect([...(await readVectors(db, layout, model, ids)).values()]).toEqual(ids.map(() => at(270)))
    expect(await countVectors(db, layout, model)).toMatchObject({ chunks: 600, vectors: 600 })
    const { found } = await findNearest(db, layout, {
      model,
      vector: at(270),
      k: 10,
      versionOf: null,
      vectors: 600,
    })
    expect(found.map(({ chunkId }) => chunkId).sort()).toEqual([...ids].sort())
  })

  test('is read by documents', async () => {
    const first = await listDocuments(db, layout, { limit: 15 })
    const rest = await listDocuments(db, layout, { limit: 15, after: first.at(-1)?.id ?? '' })
    expect(new Set([...first, ...rest].map(({ id }) => id)).size).toBe(20)
    const id = await idOf('article 3')
    expect(await getDocument(db, layout, id)).toMatchObject({
      id,
      title: 'Article 3',
      source: null,
      metadata: {},
      chunks: 30,
      content: null,
    })
    const chunks = await chunksOfDocument(db, layout, id)
    expect(chunks.map(({ content }) => content)).toEqual(
      Array.from({ length: 30 }, (_, i) => `Passage ${60 + i}`),
    )
    expect(await getDocument(db, layout, '17')).toBeNull()
  })

  test('is added to, and changed', async () => {
    const [id = ''] = await insertDocuments(db, layout, [newDocument('a/path')])
    expect((await documentsBySource(db, layout, ['a/path'])).get('a/path')).toEqual({
      id,
      contentHash: 'hash',
    })
    expect(await updateDocument(db, layout, id, newDocument('a/path'))).toBe(true)
    expect(await getDocument(db, layout, id)).toMatchObject(newDocument('a/path'))
    const ids = await insertChunks(db, layout, [
      { ...text(0, 'zero'), documentId: id },
      { ...text(1, 'one'), documentId: id },
    ])
    await putVectors(
      db,
      layout,
      model,
      ids.map((chunkId) => ({ chunkId, vector: at(200) })),
    )
    const { found } = await findNearest(db, layout, {
      model,
      vector: at(200),
      k: 2,
      filter: { metadata: { new: true } },
      versionOf: null,
      vectors: 600,
    })
    expect(found.map(({ chunkId, headingPath }) => [chunkId, headingPath])).toEqual(
      [...ids].sort().map((chunkId) => [chunkId, ['H']]),
    )
    const [copy = ''] = await insertChunks(db, layout, [{ ...text(2, 'zero'), documentId: id }])
    expect(await copyVectorsOfSameContent(db, layout, model, [copy])).toEqual([copy])
    expect(await updateDocument(db, layout, await idOf('article 1'), newDocument(null))).toBe(true)
  })

  test('a second model lives beside the first', async () => {
    const second = await addModel(db, spec('ours', 2))
    const missing = await missingChunks(db, layout, second, { limit: 10_000 })
    await putVectors(
      db,
      layout,
      second,
      missing.map(({ id }) => ({ chunkId: id, vector: Float32Array.of(1, 0) })),
    )
    expect((await countVectors(db, layout, second)).vectors).toBe(missing.length)
  })

  test('a document is deleted although no key cascades', async () => {
    const id = await idOf('article 5')
    const chunks = await chunksOfDocument(db, layout, id)
    expect(await db.transaction((tx) => deleteDocuments(tx, layout, [id]))).toBe(1)
    expect(await chunksOfDocument(db, layout, id)).toEqual([])
    expect(
      await readVectors(
        db,
        layout,
        model,
        chunks.map((chunk) => chunk.id),
      ),
    ).toEqual(new Map())
  })

  test('a column of the owner’s that wants a value is named', async () => {
    await db.query(sql`alter table articles add column region uuid`)
    await db.query(sql`update articles set region = article_key`)
    await db.query(sql`alter table articles alter column region set not null`)
    await expect(insertDocuments(db, layout, [newDocument(null)])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('column region of articles'),
      hint: expect.stringContaining('alter table articles alter column region set default'),
    })
  })
})
