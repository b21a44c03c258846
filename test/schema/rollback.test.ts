import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { createModelTable, dropModelTable } from '../../src/schema/model-table.ts'
import { schemaStatus } from '../../src/schema/status.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { empty, plainLegacy, script, snapshot } from './legacy.ts'

const options = { model: { modelName: 'the-model' } }

async function addModel(db: Database, id: number, name: string, dimension: number): Promise<void> {
  await db.query(sql`
    insert into embedding_models (model_name, dimension, provider, remote_name)
    values (${name}, ${dimension}, 'lexical-hash', ${name})`)
  await db.transaction((tx) => createModelTable(tx, { id, dimension, distance: 'cosine' }))
}

describeEngines('a rollback', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  it('is refused while another model has vectors, and drops empty ones', async () => {
    await script(db, plainLegacy(4, 6))
    const before = await snapshot(db)
    await runRevisions(db, options)
    await addModel(db, 2, 'second', 9)
    await addModel(db, 3, 'third', 4)
    await script(
      db,
      `insert into chunk_embeddings_model_2 (chunk_id, embedding_9)
      select id, '[1,2,3,4,5,6,7,8,9]' from chunks where id < 5`,
    )
    await expect(rollbackRevisions(db, { to: 1 })).rejects.toMatchObject({
      code: 'ROLLBACK_REFUSED',
      message: expect.stringContaining('second (4 vectors)'),
      hint: expect.stringMatching(/^First remove these models \(revector models remove second\)/),
      data: { models: [{ model: 'second', vectors: 4 }] },
    })
    expect(await schemaStatus(db)).toMatchObject({ revision: 6, unfinished: null })
    // A current model can't be removed: the hint begins with the one that can take its place.
    await script(
      db,
      `update embedding_models set state = 'standby' where id = 1;
      update embedding_models set state = 'current' where id = 2`,
    )
    await expect(rollbackRevisions(db, { to: 1 })).rejects.toMatchObject({
      hint: expect.stringMatching(/^First make "the-model" current again \(revector models use the-model\)/),
    })

    // The rows that went had taken numbers.
    await script(db, `delete from chunk_embeddings_model_2; select setval('chunk_embeddings_id_seq', 6)`)
    await rollbackRevisions(db, { to: 0 })
    expect(await snapshot(db)).toEqual(before)
  })

  it('keeps what was added meanwhile as rows of the old tables', async () => {
    await script(db, plainLegacy(4, 6))
    await runRevisions(db, options)
    await script(
      db,
      `
      insert into documents (title, content, source, metadata) values ('New', 'text', 'a/path', '{"a":1}');
      insert into chunks (document_id, chunk_index, content) values (4, 0, 'new chunk');
      insert into chunk_embeddings_model_1 (chunk_id, embedding_4) values (7, '[4,3,2,1]')`,
    )
    await rollbackRevisions(db)
    const { rows } = await db.query(sql`
      select e.id, d.title, c.content, e.embedding::text as embedding
      from chunk_embeddings e join chunks c on c.id = e.chunk_id join documents d on d.id = c.document_id
      where c.id = 7`)
    expect(rows).toEqual([{ id: 7, title: 'New', content: 'new chunk', embedding: '[4,3,2,1]' }])
    // And forward again, from what is there.
    expect(await runRevisions(db, options)).toMatchObject({ from: 1, to: 6, adopted: { rows: 7 } })
  })

  it('gives an index that a bulk load replaced back as it was', async () => {
    await script(
      db,
      plainLegacy(
        4,
        6,
        'create index "My HNSW index" on chunk_embeddings using hnsw (embedding vector_l2_ops) with (m = 7, ef_construction = 30)',
      ),
    )
    const before = await snapshot(db)
    await runRevisions(db, options)
    const model = { id: 1, dimension: 4, distance: 'l2' } as const
    await dropHnswIndex(db, model)
    await addModel(db, 2, 'second', 4)
    await buildHnswIndex(db, model)
    expect(await hnswIndexOf(db, model)).toMatchObject({ name: 'idx_embeddings_hnsw_4_model_1' })
    await rollbackRevisions(db, { to: 0 })
    expect(await snapshot(db)).toEqual(before)
  })

  it('is refused when the first model is gone', async () => {
    await script(db, plainLegacy(4, 3))
    await runRevisions(db, options)
    await db.transaction((tx) => dropModelTable(tx, { id: 1, dimension: 4, distance: 'cosine' }))
    await addModel(db, 2, 'second', 4)
    await script(db, `insert into chunk_embeddings_model_2 (chunk_id, embedding_4) values (1, '[1,1,1,1]')`)
    const numbered = await db.query(sql`select id from chunk_embeddings`)
    expect(numbered.rows).toEqual([{ id: 4 }])
    await expect(rollbackRevisions(db)).rejects.toMatchObject({ code: 'ROLLBACK_REFUSED' })
  })

  it('of a fresh database works while it is empty, and says what would be lost', async () => {
    await runRevisions(db, { to: 1 })
    const before = await snapshot(db)
    await rollbackRevisions(db, { to: 0 })
    await runRevisions(db)
    await addModel(db, 1, 'first', 4)
    await script(
      db,
      `
      insert into documents (title, content, content_hash) values ('d', 't', 'h');
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
        values (1, 0, 't', 'h', 0, 1, 1);
      insert into chunk_embeddings_model_1 (chunk_id, embedding_4) values (1, '[1,1,1,1]')`,
    )
    await expect(rollbackRevisions(db)).rejects.toMatchObject({
      code: 'ROLLBACK_REFUSED',
      message: expect.stringMatching(/never had an older layout, .*: first \(1 vector\)\.$/),
      hint: expect.stringContaining('There is nothing to go back to.'),
      data: { models: [{ model: 'first', vectors: 1 }] },
    })
    await script(db, 'delete from chunk_embeddings_model_1')
    await rollbackRevisions(db)
    await expect(rollbackRevisions(db)).rejects.toMatchObject({
      code: 'ROLLBACK_REFUSED',
      data: {
        tables: [
          { table: 'documents', rows: 1 },
          { table: 'chunks', rows: 1 },
        ],
      },
    })
    await script(db, 'truncate documents, chunks, chunk_embeddings restart identity')
    const { relations, columns, constraints, indexes } = await snapshot(db)
    expect({ relations, columns, constraints, indexes }).toEqual({
      relations: before['relations'],
      columns: before['columns'],
      constraints: before['constraints'],
      indexes: before['indexes'],
    })
    await rollbackRevisions(db)
    expect(await schemaStatus(db)).toMatchObject({ revision: 0, legacy: null })
    expect((await snapshot(db))['relations']).toEqual([])
  })
})

describeServer('a rollback with grants', (engine) => {
  it('keeps what each role may do, and lets them read the new layout meanwhile', async () => {
    const db = await engine.connect()
    const role = `revector_reader_${process.pid}`
    await script(db, plainLegacy(4, 3))
    await script(
      db,
      `
      alter table chunk_embeddings alter column id drop default;
      drop sequence chunk_embeddings_id_seq;
      alter table chunk_embeddings alter column id add generated by default as identity (start 10);
      create role ${role};
      grant select, update on chunk_embeddings to ${role} with grant option;
      grant insert (chunk_id, embedding) on chunk_embeddings to ${role};
      grant usage on sequence chunk_embeddings_id_seq to ${role};
      grant select on chunk_embeddings to public`,
    )
    try {
      const before = await snapshot(db)
      await runRevisions(db, options)
      await addModel(db, 2, 'second', 4)
      const { rows } = await db.query(sql`
        select has_table_privilege(${role}, 'chunk_embeddings', 'update') as parent,
               has_column_privilege(${role}, 'chunk_embeddings', 'embedding_4', 'insert') as vector,
               has_table_privilege(${role}, 'chunk_embeddings_model_2', 'select with grant option') as second,
               has_sequence_privilege(${role}, 'chunk_embeddings_id_seq', 'usage') as numbers`)
      expect(rows).toEqual([{ parent: true, vector: true, second: true, numbers: true }])
      await rollbackRevisions(db, { to: 0 })
      expect(await snapshot(db)).toEqual(before)
    } finally {
      await script(db, `drop owned by ${role}; drop role ${role}`)
    }
  })
})
