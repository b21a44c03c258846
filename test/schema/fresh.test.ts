import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { vectorArray } from '../../src/postgres/vector.ts'
import { buildHnswIndex } from '../../src/schema/hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { loadLayout, ownLayout } from '../../src/schema/layout.ts'
import {
  createModelTable,
  dropModelTable,
  type ModelSpace,
  modelTable,
  vectorColumn,
  vectorColumns,
} from '../../src/schema/model-table.ts'
import { schemaStatus } from '../../src/schema/status.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines } from '../support/engines.ts'
import { empty, script, snapshot, vectorSql } from './legacy.ts'

const model = (id: number, dimension: number): ModelSpace => ({ id, dimension, distance: 'cosine' })

describeEngines('a fresh database', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  it('goes to the latest revision, and a second run finds nothing to do', async () => {
    expect(await schemaStatus(db)).toEqual({ revision: 0, latestRevision: 6, unfinished: null, legacy: null })
    expect(await runRevisions(db)).toMatchObject({ from: 0, to: 6 })
    expect(await runRevisions(db)).toMatchObject({ from: 6, to: 6 })
    expect(await schemaStatus(db)).toEqual({ revision: 6, latestRevision: 6, unfinished: null, legacy: null })
    expect(await vectorColumns(db)).toEqual([1536])
    expect(await loadLayout(db)).toEqual(ownLayout('public'))
  })

  it('compresses the texts of documents with lz4 where the server has it', async () => {
    await runRevisions(db)
    const { rows } = await db.query<{ available: boolean; compression: string }>(sql`
      select 'lz4' = any (enumvals) as available, attcompression as compression
      from pg_settings, pg_attribute
      where pg_settings.name = 'default_toast_compression'
        and attrelid = 'documents'::regclass and attname = 'content'`)
    expect(rows).toHaveLength(1)
    expect(rows[0]?.compression).toBe(rows[0]?.available === true ? 'l' : '')
  })

  it('stops at the fixed dimension when asked to', async () => {
    await runRevisions(db, { to: 1 })
    expect(await schemaStatus(db)).toMatchObject({
      revision: 1,
      legacy: { table: 'chunk_embeddings', column: 'embedding', dimension: 1536, rows: 0 },
    })
    await expect(loadLayout(db)).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  })

  it('takes rows at the fixed dimension over into the same layout', async () => {
    await runRevisions(db, { to: 1 })
    await script(
      db,
      `insert into documents (title, content, content_hash) values ('d', 'text', 'h');
       insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
         values (1, 0, 'text', 'h', 0, 4, 1);
       insert into chunk_embeddings (chunk_id, embedding) values (1, ${vectorSql(1536, '1')});`,
    )
    const before = await snapshot(db)
    expect(await runRevisions(db)).toMatchObject({ adopted: { model: 'text-embedding-ada-002', rows: 1 } })
    expect(await loadLayout(db)).toEqual(ownLayout('public'))
    await rollbackRevisions(db, { to: 1 })
    expect(await snapshot(db)).toEqual(before)
  })

  it('makes the tables of two models of a new dimension at once', async () => {
    await runRevisions(db)
    await Promise.all([1, 2, 3].map((id) => db.transaction((tx) => createModelTable(tx, model(id, 77)))))
    expect(await vectorColumns(db)).toEqual([77, 1536])
  })

  it('refuses a name that is taken', async () => {
    await db.query(sql`create table documents (mine int)`)
    await expect(runRevisions(db)).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
      data: { table: 'documents' },
    })
    expect(await schemaStatus(db)).toMatchObject({ revision: 0 })
  })

  it('refuses a database newer than the program', async () => {
    await runRevisions(db)
    await db.query(
      sql`insert into revector_revisions (revision, name, applied_at) values (99, 'of the future', now())`,
    )
    await expect(runRevisions(db)).rejects.toMatchObject({ code: 'SCHEMA_NEWER', data: { revision: 99 } })
    expect(await schemaStatus(db)).toMatchObject({ revision: 99, latestRevision: 6 })
  })

  it('gives every model a table and an HNSW index of its own, also two of one dimension', async () => {
    await runRevisions(db)
    for (const [id, dimension] of [
      [1, 384],
      [2, 384],
      [3, 3072],
      [4, 4096],
    ] as const) {
      await db.transaction((tx) => createModelTable(tx, model(id, dimension)))
      await db.transaction((tx) => createModelTable(tx, model(id, dimension)))
    }
    expect(await vectorColumns(db)).toEqual([384, 1536, 3072, 4096])
    expect(await hnswIndexOf(db, model(1, 384))).toMatchObject({
      name: 'idx_embeddings_hnsw_384',
      valid: true,
    })
    expect(await hnswIndexOf(db, model(2, 384))).toMatchObject({ name: 'idx_embeddings_hnsw_384_model_2' })
    expect(await hnswIndexOf(db, model(4, 4096))).toMatchObject({ name: 'idx_embeddings_hnsw_4096' })

    await db.query(sql`
      insert into documents (title, content, content_hash) values ('d', 'text', 'h')`)
    await db.query(sql`
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
      values (1, 0, 'text', 'h', 0, 4, 1)`)
    const insert = (id: number, dimension: number) =>
      db.query(sql`
        insert into ${modelTable(id)} (chunk_id, ${vectorColumn(dimension)})
        select 1, v from unnest(${vectorArray([new Float32Array(dimension).fill(0.5)])}::vector[]) v`)
    await insert(1, 384)
    await insert(3, 3072)
    await expect(insert(1, 384)).rejects.toMatchObject({ data: { sqlstate: '23505' } })
    await expect(insert(2, 3072)).rejects.toMatchObject({ data: { sqlstate: expect.stringMatching('^23') } })

    const { rows } = await db.query<{ model_id: number }>(
      sql`select model_id from chunk_embeddings order by 1`,
    )
    expect(rows).toEqual([{ model_id: 1 }, { model_id: 3 }])

    await dropHnswIndex(db, model(3, 3072))
    expect(await hnswIndexOf(db, model(3, 3072))).toBeNull()
    expect(await buildHnswIndex(db, model(3, 3072))).toMatchObject({
      name: 'idx_embeddings_hnsw_3072',
      valid: true,
    })

    await db.transaction((tx) => dropModelTable(tx, model(1, 384)))
    expect(await hnswIndexOf(db, model(2, 384))).toMatchObject({ name: 'idx_embeddings_hnsw_384' })

    await db.query(sql`delete from documents`)
    const left = await db.query(sql`select from chunk_embeddings`)
    expect(left.rowCount).toBe(0)
  })

  it('answers the debug queries of the guide unchanged', async () => {
    await runRevisions(db)
    await db.query(sql`
      insert into embedding_models (model_name, dimension, provider, remote_name)
      values ('all-MiniLM-L6-v2', 384, 'transformers', 'Xenova/all-MiniLM-L6-v2')`)
    await db.transaction((tx) => createModelTable(tx, model(1, 384)))
    for (const query of guideQueries) expect((await db.query(raw(query))).rowCount).toBeGreaterThan(0)
  })
})

const guideQueries = [
  'SELECT * FROM embedding_models;',
  `SELECT column_name
FROM information_schema.columns
WHERE table_name = 'chunk_embeddings'
AND column_name LIKE 'embedding_%';`,
  `SELECT em.model_name, em.dimension, COUNT(ce.id) as count
FROM embedding_models em
LEFT JOIN chunk_embeddings ce ON ce.model_id = em.id
GROUP BY em.model_name, em.dimension;`,
]
