import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { ChunkText } from '../../src/core/document.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import type { Layout } from '../../src/schema/layout.ts'
import {
  chunksOfDocument,
  countChunks,
  deleteChunks,
  insertChunks,
  moveChunks,
} from '../../src/store/chunks.ts'
import {
  countDocumentVectors,
  countMatching,
  countMissing,
  countVectors,
  countVectorsOfModels,
  coverageOf,
  missingChunks,
} from '../../src/store/coverage.ts'
import {
  countDocuments,
  deleteDocuments,
  documentsBySource,
  getDocument,
  insertDocuments,
  listDocuments,
  type NewDocument,
  updateDocument,
} from '../../src/store/documents.ts'
import {
  copyVectorsOfSameContent,
  fillVectors,
  hashesWithVector,
  putVectors,
  readVectors,
} from '../../src/store/embeddings.ts'
import { insertModel } from '../../src/store/models.ts'
import type { Model } from '../../src/wire/model.ts'
import { describeEngines } from '../support/engines.ts'
import { addModel, setUp, spec } from './corpus.ts'

function document(source: string | null, more: Partial<NewDocument> = {}): NewDocument {
  return {
    title: `About ${source}`,
    content: 'Some text\nwith “quotes”, \\ and 🙂',
    source,
    mediaType: 'text/markdown',
    contentHash: `hash of ${source}`,
    metadata: { tags: ['a', 'b'], nested: { deep: null } },
    ...more,
  }
}

function chunk(position: number, content: string, headingPath: readonly string[] = []): ChunkText {
  return {
    position,
    content,
    startOffset: position * 10,
    endOffset: position * 10 + content.length,
    headingPath,
    page: position === 0 ? null : position,
    tokenCount: 2,
    contentHash: sha256(content),
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const vector = (...values: number[]): Float32Array => Float32Array.from(values)

describeEngines('rows in, rows out', (engine) => {
  let db: Database
  let layout: Layout
  let model: Model
  let other: Model

  beforeAll(async () => {
    db = await engine.connect()
    layout = await setUp(db)
    model = await addModel(db, spec('one', 3), 'current')
    other = await addModel(db, spec('other', 2))
  })

  const addChunks = async (texts: readonly string[]): Promise<readonly string[]> => {
    const [documentId = ''] = await insertDocuments(db, layout, [document(null)])
    return insertChunks(
      db,
      layout,
      texts.map((text, i) => ({ ...chunk(i, text), documentId })),
    )
  }

  test('a document comes back as it was given', async () => {
    const [id = ''] = await insertDocuments(db, layout, [document('come/back')])
    const got = await getDocument(db, layout, id)
    expect(got).toMatchObject({ ...document('come/back'), id, chunks: 0 })
    expect(got?.createdAt).toBeInstanceOf(Date)
    expect(await updateDocument(db, layout, id, document('come/back', { title: 'New' }))).toBe(true)
    expect((await getDocument(db, layout, id))?.title).toBe('New')
    for (const nobody of ['0', '-1', 'x', '', '9'.repeat(30), '00000000-0000-0000-0000-000000000000']) {
      expect(await getDocument(db, layout, nobody)).toBeNull()
      expect(await updateDocument(db, layout, nobody, document(null))).toBe(false)
    }
  })

  test('documents that are the same in everything are each given a row', async () => {
    const twin = document(null, { title: 'twin' })
    const ids = await insertDocuments(db, layout, [twin, document(null, { contentHash: 'x' }), twin])
    expect(new Set(ids).size).toBe(3)
    const titles = await Promise.all(ids.map(async (id) => (await getDocument(db, layout, id))?.title))
    expect(titles).toEqual(['twin', document(null).title, 'twin'])
  })

  test('documents are found by their sources', async () => {
    const [, id] = await insertDocuments(db, layout, [
      document('other'),
      document('once', { contentHash: 'two' }),
    ])
    const found = await documentsBySource(db, layout, ['once', 'other', 'never'])
    expect([...found.keys()].sort()).toEqual(['once', 'other'])
    expect(found.get('once')).toEqual({ id, contentHash: 'two' })
    await expect(insertDocuments(db, layout, [document('once')])).rejects.toMatchObject({
      data: { sqlstate: '23505' },
    })
  })

  test('documents are listed page by page', async () => {
    const before = await countDocuments(db, layout)
    const names = ['p1', 'p2', 'p3', 'p4', 'p5']
    const ids = await insertDocuments(
      db,
      layout,
      names.map((name) => document(name, { metadata: { list: true } })),
    )
    expect(await countDocuments(db, layout)).toBe(before + 5)
    const filter = { metadata: { list: true } }
    const first = await listDocuments(db, layout, { limit: 3, filter })
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 3))
    const rest = await listDocuments(db, layout, { limit: 3, filter, after: first.at(-1)?.id ?? '' })
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(3))
  })

  test('chunks come back in their order, whatever is in them', async () => {
    const [id = '', other = ''] = await insertDocuments(db, layout, [document('chunked'), document('also')])
    const texts = [
      chunk(0, 'first', []),
      chunk(1, '{"an","array"} \\ " 🙂', ['A "quoted" heading', 'with, comma', '']),
      chunk(2, 'third', ['A']),
    ]
    // Two documents' chunks in one statement, one after the other's.
    const both = await insertChunks(
      db,
      layout,
      texts.flatMap((text) => [
        { ...text, documentId: other },
        { ...text, documentId: id },
      ]),
    )
    const ids = both.filter((_, i) => i % 2 === 1)
    expect((await chunksOfDocument(db, layout, other)).map((row) => row.id)).toEqual(
      both.filter((_, i) => i % 2 === 0),
    )
    const stored = await chunksOfDocument(db, layout, id)
    expect(stored.map(({ id: _, ...rest }) => rest)).toEqual(texts)
    expect(stored.map((row) => row.id)).toEqual(ids)
    expect((await getDocument(db, layout, id))?.chunks).toBe(3)

    await moveChunks(db, layout, [
      { ...chunk(5, 'first', ['Moved', 'here']), id: ids[0] ?? '' },
      { ...chunk(4, 'third'), id: ids[2] ?? '' },
    ])
    const moved = await chunksOfDocument(db, layout, id)
    expect(moved.map((row) => [row.id, row.position, row.headingPath])).toEqual([
      [ids[1], 1, texts[1]?.headingPath],
      [ids[2], 4, []],
      [ids[0], 5, ['Moved', 'here']],
    ])
    expect(await insertChunks(db, layout, [])).toEqual([])
    expect(await insertDocuments(db, layout, [])).toEqual([])
  })

  test('vectors come back bit for bit', async () => {
    const ids = await addChunks(['a', 'b', 'c'])
    const exact = vector(0.1, -1e-30, 3.4e38)
    const items = ids.map((chunkId, i) => ({ chunkId, vector: i === 1 ? exact : vector(i, i, 1) }))
    expect(await putVectors(db, layout, model, items)).toBe(3)
    expect((await readVectors(db, layout, model, ids)).get(ids[1] ?? '')).toEqual(exact)
    expect(await putVectors(db, layout, model, [{ chunkId: ids[0] ?? '', vector: exact }])).toBe(1)
    expect((await readVectors(db, layout, model, ids)).get(ids[0] ?? '')).toEqual(exact)
    expect(await readVectors(db, layout, other, ids)).toEqual(new Map())
    expect((await readVectors(db, layout, model, ids)).size).toBe(3)
  })

  test('a wrong width is refused before the database, and by it', async () => {
    const [chunkId = ''] = await addChunks(['wrong'])
    const wrong = { chunkId, vector: vector(1, 2) }
    for (const store of [putVectors, fillVectors]) {
      await expect(store(db, layout, model, [wrong])).rejects.toMatchObject({
        code: 'EMBEDDING_DIMENSION_MISMATCH',
        message: expect.stringMatching(/^Embedding dimension mismatch: /),
        data: { model: 'one', expected: 3, received: 2 },
      })
    }
    await expect(
      putVectors(db, layout, model, [{ chunkId, vector: vector(1, Number.NaN, 1) }]),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(putVectors(db, layout, { ...model, dimension: 2 }, [wrong])).rejects.toBeDefined()
    await expect(
      db.query(sql`
        insert into chunk_embeddings (chunk_id, model_id, embedding_2)
        values (${chunkId}::bigint, ${model.id}, '[1,2]')`),
    ).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
  })

  test('a missing column is named, with the command that makes it', async () => {
    const [chunkId = ''] = await addChunks(['missing'])
    // As if the registry had been written by hand.
    const { model: unmade } = await insertModel(db, spec('never made', 5))
    const refused = {
      code: 'VECTOR_COLUMN_MISSING',
      message: expect.stringMatching(/^Column does not exist: embedding_5/),
      data: { dimension: 5, command: 'revector db setup-models' },
    }
    const items = [{ chunkId, vector: vector(1, 2, 3, 4, 5) }]
    await expect(putVectors(db, layout, unmade, items)).rejects.toMatchObject(refused)
    await expect(fillVectors(db, layout, unmade, items)).rejects.toMatchObject(refused)
    await expect(countVectors(db, layout, unmade)).rejects.toMatchObject(refused)
    await expect(missingChunks(db, layout, unmade, { limit: 1 })).rejects.toMatchObject(refused)
    expect((await countVectorsOfModels(db, [model, unmade])).get(unmade.id)).toBe(0)
    await db.query(sql`delete from embedding_models where id = ${unmade.id}`)
  })

  test('a fill passes over chunks that are gone and keeps what is there', async () => {
    const [kept = '', gone = '', empty = ''] = await addChunks(['kept', 'gone', 'empty'])
    await putVectors(db, layout, model, [{ chunkId: kept, vector: vector(1, 1, 1) }])
    await db.transaction((tx) => deleteChunks(tx, layout, [gone]))
    const items = [kept, gone, empty].map((chunkId) => ({ chunkId, vector: vector(2, 2, 2) }))
    expect(await fillVectors(db, layout, model, items)).toBe(1)
    const stored = await readVectors(db, layout, model, [kept, gone, empty])
    expect(stored).toEqual(
      new Map([
        [kept, vector(1, 1, 1)],
        [empty, vector(2, 2, 2)],
      ]),
    )
  })

  test('equal texts are embedded once in a model', async () => {
    const [first = ''] = await addChunks(['the same words'])
    const copies = await addChunks(['the same words', 'other words'])
    await putVectors(db, layout, model, [{ chunkId: first, vector: vector(7, 8, 9) }])
    const hashes = ['the same words', 'other words', 'nothing'].map(sha256)
    expect([...(await hashesWithVector(db, layout, model, hashes))]).toEqual([hashes[0]])
    expect((await hashesWithVector(db, layout, other, hashes)).size).toBe(0)
    expect(await copyVectorsOfSameContent(db, layout, model, copies)).toEqual([copies[0]])
    expect((await readVectors(db, layout, model, copies)).get(copies[0] ?? '')).toEqual(vector(7, 8, 9))
    expect(await copyVectorsOfSameContent(db, layout, model, copies)).toEqual([])
  })

  test('what a model lacks is counted and listed', async () => {
    const ids = await addChunks(['m1', 'm2', 'm3', 'm4', ''])
    const documentId = (await chunkDocument(ids[0] ?? '')) ?? ''
    const before = await countVectors(db, layout, other)
    await putVectors(db, layout, other, [{ chunkId: ids[1] ?? '', vector: vector(1, 2) }])
    const after = await countVectors(db, layout, other)
    expect(after.vectors).toBe(before.vectors + 1)
    expect(after.chunks).toBe(await countChunks(db, layout))
    expect((await countVectorsOfModels(db, [other])).get(other.id)).toBe(after.vectors)

    const page = await missingChunks(db, layout, other, { limit: 2, documentId })
    expect(page.map((row) => row.content)).toEqual(['m1', 'm3'])
    const next = await missingChunks(db, layout, other, { limit: 9, documentId, after: page[1]?.id ?? '' })
    expect(next).toEqual([{ id: ids[3], content: 'm4', contentHash: sha256('m4') }])
    const all = await missingChunks(db, layout, other, { limit: 10_000 })
    expect(await countMissing(db, layout, other)).toBe(all.length)

    const ofDocument = await countDocumentVectors(db, layout, documentId)
    expect(ofDocument).toEqual({ chunks: 5, vectors: new Map([[other.id, 1]]) })
    expect(await countDocumentVectors(db, layout, '0')).toBeNull()
    const { recorded, ...matching } = await countMatching(db, layout, other, { documentIds: [documentId] })
    expect([matching, coverageOf(matching)]).toEqual([{ chunks: 5, vectors: 1 }, 0.2])
    expect(recorded).toBe(0)
    expect(coverageOf({ chunks: 0, vectors: 0 })).toBe(1)
  })

  test('a deleted document takes its chunks and every model’s vectors along', async () => {
    const ids = await addChunks(['d1', 'd2'])
    const documentId = (await chunkDocument(ids[0] ?? '')) ?? ''
    for (const [m, v] of [
      [model, vector(1, 2, 3)],
      [other, vector(1, 2)],
    ] as const) {
      await putVectors(db, layout, m, [{ chunkId: ids[0] ?? '', vector: v }])
    }
    expect(await db.transaction((tx) => deleteDocuments(tx, layout, [documentId, 'x', '0']))).toBe(1)
    expect(await getDocument(db, layout, documentId)).toBeNull()
    expect(await chunksOfDocument(db, layout, documentId)).toEqual([])
    const { rows } = await db.query(sql`select from chunk_embeddings where chunk_id = any(${ids}::bigint[])`)
    expect(rows).toEqual([])
  })

  async function chunkDocument(id: string): Promise<string | undefined> {
    const { rows } = await db.query<{ id: string }>(
      sql`select document_id::text as id from chunks where id = ${id}::bigint`,
    )
    return rows[0]?.id
  }
})
