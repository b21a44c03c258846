import { beforeEach, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { plainLegacy, script, snapshot, vectorSql } from './legacy.ts'

async function recorded(db: Database): Promise<readonly object[]> {
  const { rows } = await db.query(sql`
    select p.model_id as model, p.chunk_id::text as chunk, p.text_hash is not null as changed
    from pending_chunks p order by 2, 1`)
  return rows
}

const models = `
  insert into embedding_models (model_name, dimension, provider, remote_name, state)
  values ('a', 2, 'lexical-hash', 'a', 'current'), ('b', 2, 'lexical-hash', 'b', 'standby'),
    ('c', 2, 'lexical-hash', 'c', 'registered'), ('d', 2, 'lexical-hash', 'd', 'retired');
  insert into documents (title, content, content_hash) values ('One', '', '')`

const insertChunk = (into: string, content: string): string => `
  insert into ${into} (document_id, position, content, start_offset, end_offset, token_count)
  values (1, 0, '${content}', 0, 1, 1)`

describeEngines('the triggers that follow other writers', (engine) => {
  let db: Database

  beforeEach(async () => {
    db = await engine.connect()
  })

  it('come to a database in use, and a rollback takes them away, with what is stale', async () => {
    await runRevisions(db, { to: 5 })
    const before = await snapshot(db)
    await script(
      db,
      `${models};
      insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
        select 1, n, 'text ' || n, 'hash', 0, 1, 1 from generate_series(1, 3) n;
      alter table chunk_embeddings add column embedding_2 vector(2);
      create table chunk_embeddings_model_1 partition of chunk_embeddings for values in (1);
      insert into chunk_embeddings_model_1 (chunk_id, model_id, embedding_2) select id, 1, '[1,0]' from chunks`,
    )
    expect(await runRevisions(db)).toMatchObject({ from: 5, to: 6 })
    expect(await recorded(db)).toEqual([])
    await script(db, `update chunks set content = 'other' where id = 2; ${insertChunk('chunks', 'new')}`)
    expect(await recorded(db)).toEqual([
      { model: 1, chunk: '2', changed: true },
      { model: 2, chunk: '2', changed: true },
      { model: 1, chunk: '4', changed: false },
      { model: 2, chunk: '4', changed: false },
    ])
    expect(await rollbackRevisions(db, { to: 5 })).toMatchObject({ from: 6, to: 5 })
    const { rows } = await db.query(sql`select chunk_id::int as chunk from chunk_embeddings order by 1`)
    expect(rows).toEqual([{ chunk: 1 }, { chunk: 3 }])
    expect((await db.query(sql`select from pending_chunks`)).rowCount).toBe(4)
    await script(
      db,
      'drop table chunk_embeddings_model_1; alter table chunk_embeddings drop column embedding_2',
    )
    const after = await snapshot(db)
    for (const part of ['relations', 'columns', 'constraints', 'indexes', 'triggers']) {
      expect(after[part], part).toEqual(before[part])
    }
  })

  it('are on an adopted table, whatever its ids and columns are, and leave its own hash alone', async () => {
    await script(
      db,
      `create extension if not exists vector;
      create table pages (id uuid primary key default gen_random_uuid(), title text, body text);
      create table passages (key text primary key, page_id uuid references pages, passage varchar(2000), content_hash text);
      create table chunk_embeddings (id serial primary key, chunk_id text not null, embedding vector(16));
      insert into pages (title) values ('Page');
      insert into passages (key, page_id, passage) select 'zero', id, 'text' from pages;
      insert into chunk_embeddings (chunk_id, embedding) values ('zero', ${vectorSql(16, '1')})`,
    )
    await runRevisions(db, {
      model: space('theirs', 16),
      tables: {
        chunksTable: 'passages',
        chunkTextColumn: 'passage',
        documentsTable: 'pages',
        titleColumn: 'title',
      },
    })
    await script(
      db,
      `insert into passages (key, passage, content_hash) values ('one', 'text', 'mine'), ('two', null, null), ('three', ' ', null);
      update passages set key = 'four', passage = 'other' where key = 'one';
      update passages set passage = 'now there is one' where key = 'two'`,
    )
    expect(await recorded(db)).toEqual([
      { model: 1, chunk: 'four', changed: true },
      { model: 1, chunk: 'two', changed: true },
    ])
    expect((await db.query(sql`select content_hash from passages where key = 'four'`)).rows).toEqual([
      { content_hash: 'mine' },
    ])
    await script(db, 'truncate passages cascade')
    expect(await recorded(db)).toEqual([])
  })

  it('keep the hash in a column that was added to an adopted table', async () => {
    await script(db, plainLegacy(4, 2))
    await runRevisions(db, { model: { modelName: 'the-model' } })
    await script(db, `insert into chunks (document_id, chunk_index, content) values (1, 9, 'new chunk')`)
    const { rows } = await db.query(sql`
      select content_hash = encode(sha256('new chunk'), 'hex') as right from chunks where chunk_index = 9`)
    expect(rows).toEqual([{ right: true }])
    expect(await recorded(db)).toEqual([{ model: 1, chunk: '3', changed: false }])
    await rollbackRevisions(db, { to: 0 })
    await script(db, `insert into chunks (document_id, chunk_index, content) values (1, 10, 'another')`)
  })

  it('follow a partitioned table, and what is written to a partition by its name', async () => {
    await runRevisions(db, { to: 5 })
    await script(
      db,
      `drop table chunks cascade;
      create table chunks (
        id bigint generated by default as identity, document_id bigint not null, position int, content text not null,
        content_hash text, start_offset int, end_offset int, heading_path text[], page int, token_count int
      ) partition by range (id);
      create table chunks_low partition of chunks for values from (1) to (100);
      create table chunks_high partition of chunks for values from (100) to (1000);
      ${models}`,
    )
    await runRevisions(db)
    await script(db, `${insertChunk('chunks', 'one')}; ${insertChunk('chunks_low', 'two')}`)
    const { rows } = await db.query<{ id: string }>(sql`select id::text as id from chunks order by content`)
    expect(rows.length).toBe(2)
    expect(new Set((await recorded(db)).map((row) => Object.values(row)[1]))).toEqual(
      new Set(rows.map(({ id }) => id)),
    )
    await script(
      db,
      `delete from pending_chunks; update chunks_low set content = 'three' where content = 'two'; update chunks set id = 500 where content = 'one'`,
    )
    expect(await recorded(db)).toMatchObject([
      { chunk: rows[1]?.id },
      { chunk: rows[1]?.id },
      { chunk: '500' },
      { chunk: '500' },
    ])
    await script(db, `delete from chunks_high`)
    expect((await recorded(db)).length).toBe(2)
    await script(db, `truncate chunks`)
    expect(await recorded(db)).toEqual([])
  })
})

describeServer('the triggers', (engine) => {
  it('record for a role that may do nothing but write chunks, and call nothing of its search path', async () => {
    const db = await engine.connect()
    await runRevisions(db)
    const role = `writer_${process.pid}_${Date.now()}`
    await script(
      db,
      `${models};
      create role ${role};
      create schema trap authorization ${role};
      create function trap.sha256(bytea) returns bytea language sql as $$ select 'trapped'::bytea $$;
      create table trap.embedding_models (id int, state text);
      grant usage on schema public to ${role};
      grant select, insert, update, delete on chunks to ${role}`,
    )
    try {
      await db.transaction(async (tx) => {
        await tx.query(sql`set local role ${raw(role)}`)
        await tx.query(sql`set local search_path = trap, pg_catalog, public`)
        await tx.query(raw(insertChunk('chunks', 'new')))
        await tx.query(sql`update chunks set content = 'other'`)
      })
      const { rows } = await db.query(sql`
        select distinct text_hash = sha256('other') as right from pending_chunks`)
      expect(rows).toEqual([{ right: true }])
      const { rows: called } = await db.query(sql`
        select proname::text as name from pg_proc
        where proname like 'revector%' and has_function_privilege(${role}, oid, 'execute')`)
      expect(called).toEqual([])
    } finally {
      await script(db, `drop owned by ${role} cascade; drop role ${role}`)
    }
  })
})
