import { expect, it, vi } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { raw } from '../../src/postgres/sql.ts'
import { describeEngines } from '../support/engines.ts'
import { asApplication, open } from './application.ts'
import { makeShape, modelName, shapes, texts, write } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

function shapeOf(table: string) {
  const shape = shapes.find((one) => one.table === table)
  if (shape === undefined) throw new Error(`There is no shape ${table}`)
  return shape
}

describeEngines('the key of an application’s table', (engine) => {
  it('of several columns is the id of a chunk, and leads to its row by index', async () => {
    const place = await engine.place()
    const shape = shapeOf('passage_vectors')
    await asApplication(place, async (db) => {
      await makeShape(db, shape)
      await db.query(
        raw(`create index by_vector on passage_vectors using hnsw (embedding vector_cosine_ops)`),
      )
    })
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    const { hits } = await revector.retriever.search({ query: 'ships harbour', topK: 1 })
    expect(hits[0]).toMatchObject({ chunkId: '7,2,0', documentId: '7,2,0' })
    expect(await revector.documents.get('7,2,0')).toMatchObject({ content: texts[1] })
    await revector.db.close()
    await asApplication(place, async (db) => {
      await db.query(
        raw(`insert into passages select 8, i / 50, i % 50, 'Passage ' || i from generate_series(0, 2999) i`),
      )
      await db.query(
        raw(`insert into passage_vectors select tenant, document, no, (
            select array_agg(random()::real) from generate_series(1, 64 + 0 * no)
          )::vector from passages where tenant = 8`),
      )
      for (const table of ['passages', 'passage_vectors', 'beside.chunk_keys'])
        await db.query(raw(`analyze ${table}`))
      const nearest = await plan(
        db,
        `select chunk_id from beside.chunk_embeddings_model_1
         order by embedding_64 <=> array_fill(0.1::real, array[64])::vector limit 10`,
      )
      expect(nearest).toContain('by_vector')
      expect(nearest).toContain('chunk_keys_revector_key')
      const one = await plan(db, `select content from beside.chunks where id = '8,3,7'`)
      expect(one).toContain('chunk_keys_pkey')
      expect(one).toContain('passages_pkey')
      const vector = await plan(
        db,
        `select embedding_64 from beside.chunk_embeddings_model_1 where chunk_id = '8,3,7'`,
      )
      expect(vector).toContain('passage_vectors_pkey')
    })
  })

  it('that names two rows is refused, and some are named', async () => {
    const place = await engine.place()
    const shape = shapeOf('note_vectors')
    await asApplication(place, async (db) => {
      await makeShape(db, shape)
      await db.query(
        raw(
          'insert into note_vectors (note_no, embedding) select note_no, embedding from note_vectors where note_no < 3',
        ),
      )
    })
    const revector = await open(place)
    await expect(revector.db.adopt(shape.table, { model: modelName })).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
      message: expect.stringContaining(
        'note_no is not unique in note_vectors: 1.00 (2 times); 2.00 (2 times)',
      ),
    })
    const adopted = await revector.db.adopt(shape.table, { model: modelName, where: 'id <= 5' })
    expect(adopted.rows).toBe(5)
    expect((await revector.models.list())[0]).toMatchObject({ embeddings: 5, coverage: 1 })
  })

  it('that comes to name two vectors does no harm: the nearer one counts', async () => {
    const place = await engine.place()
    const shape = shapeOf('note_vectors')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    await revector.db.close()
    await asApplication(place, (db) =>
      db.query(
        raw('insert into note_vectors (note_no, embedding) select note_no, embedding from note_vectors'),
      ),
    )
    const again = await open(place)
    const { hits } = await again.retriever.search({ query: 'ships harbour', topK: 5 })
    expect(new Set(hits.map(({ chunkId }) => chunkId)).size).toBe(hits.length)
    const { checks } = await again.doctor({ probe: false })
    expect(checks.find(({ check }) => check === 'adopted_table')).toMatchObject({ result: 'warn' })
  })

  it('is named where no foreign key leads from the vectors to the texts', async () => {
    const place = await engine.place()
    await asApplication(place, async (db) => {
      await makeShape(db, shapeOf('passage_vectors'))
      await db.query(raw('alter table passage_vectors drop constraint passage_vectors_tenant_doc_no_fkey'))
    })
    const revector = await open(place)
    const choices = { model: modelName, texts: 'passages' }
    await expect(revector.db.adopt('passage_vectors', choices)).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
    })
    await revector.db.adopt('passage_vectors', { ...choices, key: 'tenant, doc, no' })
    const { hits } = await revector.retriever.search({ query: 'ships harbour', topK: 1 })
    expect(hits[0]?.content).toBe(texts[1])
  })

  it('changes with the row, in one statement with others', async () => {
    const place = await engine.place()
    const shape = shapeOf('diary')
    await asApplication(place, (db) => makeShape(db, shape))
    const revector = await open(place)
    await revector.db.adopt(shape.table, { model: modelName })
    await revector.db.close()
    await asApplication(place, async (db) => {
      await write(db, shape.insert, 9, 'An ostrich crosses the bridge.')
      await db.query(raw(`update diary set day = day + 100`))
      await db.query(raw(`update diary set author = 'Proust' where entry like 'Ships%'`))
    })
    const again = await open(place)
    const { hits } = await again.retriever.search({ query: 'ships harbour', topK: 1 })
    expect(hits[0]).toMatchObject({ chunkId: 'Proust,1915-04-13' })
    expect((await again.db.status()).chunks).toBe(6)
  })
})

async function plan(db: Database, statement: string): Promise<string> {
  const { rows } = await db.query<{ 'QUERY PLAN': string }>(raw(`explain ${statement}`))
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
