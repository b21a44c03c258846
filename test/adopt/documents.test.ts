import { expect, it, vi } from 'vitest'
import { raw } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { asApplication, open } from './application.ts'
import { makeShape, modelName, type Shape, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const [first] = shapes
const composite = shapes.find(({ table }) => table === 'passage_vectors')
if (first === undefined || composite === undefined) throw new Error('There is no shape')

/** Two books and a loose sheet. */
const books: Shape = {
  ...first,
  insert: `insert into testlangchainjs (content, metadata, vector)
    values ($2, case when $1::int < 5 then jsonb_build_object('source', 'book ' || $1::int % 2, 'page', $1::int) else '{}' end, $3::vector)`,
}

describeEngines('rows that share a key', (engine) => {
  it('are one document, listed, counted, shown in order and filtered by', async () => {
    const place = await engine.place()
    await asApplication(place, (db) => makeShape(db, books))
    const revector = await open(place)
    await revector.db.adopt(books.table, { model: modelName, documentKey: `metadata->>'source'` })
    expect(await revector.db.status()).toMatchObject({ documents: 3, chunks: 5 })
    const { documents: listed } = await revector.documents.list()
    expect(listed.map(({ id, title, chunks }) => [id, title, chunks])).toEqual(
      expect.arrayContaining([
        ['book 0', 'book 0', 2],
        ['book 1', 'book 1', 2],
      ]),
    )
    const book = await revector.documents.get('book 1')
    expect(book?.chunkList.map(({ content }) => content)).toEqual([texts[0], texts[2]])
    expect(book).toMatchObject({ source: 'book 1', content: `${texts[0]}\n\n${texts[2]}` })
    const query = 'a lighthouse warns of the rocks'
    const { hits } = await revector.retriever.search({ query, topK: 5 })
    expect(hits[0]).toMatchObject({ content: texts[4], title: texts[4] })
    const filter = { documentIds: ['book 0'] }
    const within = await revector.retriever.search({ query, topK: 5, filter })
    expect(within.hits.map(({ content }) => content).sort()).toEqual([texts[1], texts[3]].sort())
    expect(within.hits[0]).toMatchObject({ documentId: 'book 0', metadata: { source: 'book 0' } })
    const paged = await revector.retriever.search({ query, filter: { metadata: { source: 'book 1' } } })
    expect(paged.hits).toHaveLength(2)

    await revector.models.add(space('narrow', 32))
    await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
    await revector.db.close()
    // The first chunk of a book goes, another comes, and one moves to the other book.
    await asApplication(place, async (db) => {
      await db.query(raw(`delete from testlangchainjs where content like 'Bees%'`))
      await db.query(
        raw(`insert into testlangchainjs (content, metadata) values ('The end.', '{"source": "book 1"}')`),
      )
      await db.query(
        raw(`update testlangchainjs set metadata = '{"source": "book 1"}' where content like 'Ships%'`),
      )
    })
    const again = await open(place)
    await again.migrations.work({ once: true })
    expect((await again.documents.get('book 1'))?.chunkList.map(({ content }) => content).sort()).toEqual(
      [texts[1], texts[2], 'The end.'].sort(),
    )
    expect((await again.documents.get('book 0'))?.chunkList).toHaveLength(1)
    expect(await again.db.status()).toMatchObject({ documents: 3, chunks: 5 })
    const ended = await again.retriever.search({ query: 'the end', topK: 1 })
    expect(ended).toMatchObject({
      hits: [{ content: 'The end.', documentId: 'book 1' }],
      coverage: { narrow: 1 },
    })
  })

  it('may have a key of several columns themselves', async () => {
    const place = await engine.place()
    await asApplication(place, (db) => makeShape(db, composite))
    const revector = await open(place)
    await revector.db.adopt(composite.table, {
      model: modelName,
      documentKey: `tenant || '/' || document % 2`,
    })
    expect(await revector.db.status()).toMatchObject({ documents: 2, chunks: 5 })
    expect((await revector.documents.get('7/1'))?.chunkList.map(({ id }) => id)).toEqual([
      '7,1,0',
      '7,3,0',
      '7,5,0',
    ])
    const { hits } = await revector.retriever.search({ query: 'ships harbour', topK: 1 })
    expect(hits[0]).toMatchObject({ chunkId: '7,2,0', documentId: '7/0' })
  })

  it('are read by an expression that PostgreSQL takes', async () => {
    const place = await engine.place()
    await asApplication(place, (db) => makeShape(db, books))
    const revector = await open(place)
    await expect(
      revector.db.adopt(books.table, { model: modelName, documentKey: 'no_such_column' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
