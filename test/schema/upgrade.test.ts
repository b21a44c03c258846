import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { loadLayout } from '../../src/schema/layout.ts'
import { createModelTable, vectorColumns } from '../../src/schema/model-table.ts'
import { schemaStatus } from '../../src/schema/status.ts'
import { planUpgrade, type RunOptions, rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines, describeServer, type Engine } from '../support/engines.ts'
import { empty, plainLegacy, script, snapshot, vectorSql } from './legacy.ts'

interface Case {
  readonly name: string
  readonly setup: string
  readonly dimension: number
  readonly options?: RunOptions
  /** Name of the model's HNSW index afterwards, and what its definition says. */
  readonly hnswIndex?: { readonly name?: string; readonly definition: string }
  readonly distance?: string
  readonly rows?: number
  readonly layout?: {
    readonly documents?: Record<string, unknown>
    readonly chunks?: Record<string, unknown>
  }
  /** More to check while the upgrade stands. */
  readonly also?: (db: Database) => Promise<void>
}

const model = { modelName: 'the-model' }
const named: RunOptions = { model }

const widths: Case[] = [1, 384, 2000, 2001, 3072, 4000, 4001, 8192, 16_000].map((dimension) => ({
  name: `vectors of ${dimension} dimensions without an index`,
  setup: plainLegacy(dimension, 5),
  dimension,
  options: named,
  rows: 5,
  hnswIndex: {
    name: `idx_embeddings_hnsw_${dimension}`,
    definition: dimension <= 2_000 ? 'vector_cosine_ops' : dimension <= 4_000 ? 'halfvec' : 'binary_quantize',
  },
}))

const indexes: Case[] = [
  {
    name: 'an HNSW index, adopted under the name of the guide',
    setup: plainLegacy(
      8,
      20,
      'create index my_graph on chunk_embeddings using hnsw (embedding vector_cosine_ops) with (m = 24)',
    ),
    dimension: 8,
    options: named,
    hnswIndex: { name: 'idx_embeddings_hnsw_8', definition: "m='24'" },
  },
  {
    name: 'an HNSW index of L2, which is then the distance of the model',
    setup: plainLegacy(8, 20, 'create index on chunk_embeddings using hnsw (embedding vector_l2_ops)'),
    dimension: 8,
    options: named,
    distance: 'l2',
    hnswIndex: { definition: 'vector_l2_ops' },
  },
  {
    name: 'an HNSW index of inner products, among others',
    setup: plainLegacy(
      8,
      20,
      `create index a_partial on chunk_embeddings using hnsw (embedding vector_cosine_ops) where id > 3;
       create index b_whole on chunk_embeddings using hnsw (embedding vector_ip_ops);
       create index c_other on chunk_embeddings (chunk_id) where id > 5;`,
    ),
    dimension: 8,
    options: named,
    distance: 'inner_product',
    hnswIndex: { definition: 'vector_ip_ops' },
  },
  {
    name: 'an IVFFlat index, left as it is beside a new HNSW index',
    setup: plainLegacy(
      8,
      20,
      'create index idx_embeddings_hnsw_8 on chunk_embeddings using ivfflat (embedding vector_cosine_ops) with (lists = 2)',
    ),
    dimension: 8,
    options: named,
    hnswIndex: { name: 'idx_embeddings_hnsw_8_model_1', definition: 'USING hnsw' },
  },
  {
    name: 'a halfvec HNSW index on wide vectors, adopted',
    setup: plainLegacy(
      3072,
      6,
      'create index wide on chunk_embeddings using hnsw ((embedding::halfvec(3072)) halfvec_l2_ops)',
    ),
    dimension: 3072,
    options: named,
    distance: 'l2',
    hnswIndex: { name: 'idx_embeddings_hnsw_3072', definition: 'halfvec_l2_ops' },
  },
  {
    name: 'an HNSW index over bits of very wide vectors, adopted',
    setup: plainLegacy(
      4096,
      6,
      'create index bits on chunk_embeddings using hnsw ((binary_quantize(embedding)::bit(4096)) bit_hamming_ops)',
    ),
    dimension: 4096,
    options: named,
    hnswIndex: { name: 'idx_embeddings_hnsw_4096', definition: 'bit_hamming_ops' },
  },
]

const shapes: Case[] = [
  {
    name: '1536 dimensions and no model named: text-embedding-ada-002',
    setup: plainLegacy(1536, 4),
    dimension: 1536,
    rows: 4,
    also: async (db) => {
      const { rows } = await db.query(sql`select id, model_name, provider, state from embedding_models`)
      expect(rows).toEqual([
        { id: 1, model_name: 'text-embedding-ada-002', provider: 'openai', state: 'current' },
      ])
    },
  },
  {
    name: 'an empty table of 1536 dimensions',
    setup: plainLegacy(1536, 0),
    dimension: 1536,
    rows: 0,
    also: async (db) => {
      const { rows } = await db.query(sql`select model_name, state from embedding_models`)
      expect(rows).toEqual([{ model_name: 'text-embedding-ada-002', state: 'registered' }])
    },
  },
  {
    name: 'an empty table of another width, and no model named',
    setup: plainLegacy(384, 0),
    dimension: 384,
    rows: 0,
    also: async (db) => {
      expect((await db.query(sql`select from embedding_models`)).rowCount).toBe(0)
      await db.transaction((tx) => createModelTable(tx, { id: 1, dimension: 384, distance: 'cosine' }))
      expect(await hnswIndexOf(db, { id: 1, dimension: 384 })).toMatchObject({ valid: true })
    },
  },
  {
    name: 'rows whose vector is NULL',
    setup: plainLegacy(
      4,
      6,
      `alter table chunk_embeddings alter column embedding drop not null;
       update chunk_embeddings set embedding = null where id % 2 = 0`,
    ),
    dimension: 4,
    options: named,
    rows: 6,
  },
  {
    name: 'uuid ids, differently named tables, a title column of its own',
    setup: `
      create table kb_articles (article_key uuid primary key default gen_random_uuid(), headline varchar(300) not null, author text not null);
      create table kb_passages (
        pid uuid primary key default gen_random_uuid(),
        article uuid not null references kb_articles (article_key),
        passage_text text not null,
        note text
      );
      create table chunk_embeddings (
        id uuid primary key default gen_random_uuid(),
        chunk_id uuid not null unique references kb_passages (pid),
        embedding vector(6) not null
      );
      insert into kb_articles (headline, author) select 'H' || g, 'A' from generate_series(1, 3) g;
      insert into kb_passages (article, passage_text)
        select article_key, 'P' || g from kb_articles, generate_series(1, 3) g;
      insert into chunk_embeddings (chunk_id, embedding) select pid, ${vectorSql(6, 'ascii(right(pid::text, 1))')} from kb_passages;`,
    dimension: 6,
    options: named,
    rows: 9,
    layout: {
      documents: {
        table: { schema: 'public', name: 'kb_articles' },
        id: 'article_key',
        idType: 'uuid',
        title: 'headline',
      },
      chunks: {
        table: { schema: 'public', name: 'kb_passages' },
        id: 'pid',
        idType: 'uuid',
        documentId: 'article',
        content: 'passage_text',
        position: 'position',
      },
    },
    also: async (db) => {
      // What ingest knows nothing of has a default now.
      await db.query(sql`insert into kb_articles (headline) values ('new')`)
      await db.query(sql`delete from kb_articles where headline = 'new'`)
    },
  },
  {
    name: 'tables named by options, without any foreign key or primary key, text ids',
    setup: `
      create table "My Docs" ("Key" text not null, "Caption" text);
      create table "Text Parts" ("Key" text not null, document_id text, body_a text, body_b text);
      create unique index on "My Docs" ("Key");
      create unique index on "Text Parts" ("Key");
      create table chunk_embeddings (chunk_id text, embedding vector(3));
      insert into "My Docs" values ('d1', 'One'), ('d2', 'Two');
      insert into "Text Parts" values ('c1', 'd1', 'a', 'b'), ('c2', 'd2', 'c', 'd');
      insert into chunk_embeddings values ('c1', '[1,2,3]'), ('c2', '[3,2,1]');`,
    dimension: 3,
    options: {
      model,
      tables: {
        chunksTable: 'Text Parts',
        chunkTextColumn: 'body_b',
        documentsTable: 'public."My Docs"',
        titleColumn: 'Caption',
      },
    },
    rows: 2,
    layout: {
      documents: { id: 'Key', idType: 'text', title: 'Caption' },
      chunks: { id: 'Key', idType: 'text', content: 'body_b', documentId: 'document_id' },
    },
    also: async (db) => {
      const { rows } = await db.query(sql`
        select em.model_name, count(ce.id)::int as count
        from embedding_models em left join chunk_embeddings ce on ce.model_id = em.id group by 1`)
      expect(rows).toEqual([{ model_name: 'the-model', count: 2 }])
      await db.query(sql`insert into "Text Parts" (document_id, body_b, "Key") values ('d1', 'x', 'c3')`)
      const added = await db.query<{ id: string }>(sql`
        insert into chunk_embeddings_model_1 (chunk_id, embedding_3) values ('c3', '[1,1,1]') returning id::text`)
      expect(added.rows).toEqual([{ id: '1' }])
      await db.query(sql`delete from "Text Parts" where "Key" = 'c3'`)
      expect((await db.query(sql`select from chunk_embeddings`)).rowCount).toBe(2)
    },
  },
  {
    name: 'no documents table: one document owns the chunks',
    setup: `
      create table passages (id bigint primary key, text text not null);
      create table chunk_embeddings (id bigint primary key, chunk_id bigint not null references passages (id) on delete cascade, embedding vector(3));
      insert into passages select g, 'p' || g from generate_series(1, 4) g;
      insert into chunk_embeddings select g + 100, g, '[1,2,3]' from generate_series(1, 4) g;`,
    dimension: 3,
    options: named,
    rows: 4,
    layout: { documents: { table: { schema: 'public', name: 'documents' } }, chunks: { content: 'text' } },
    also: async (db) => {
      const { rows } = await db.query(sql`
        select d.title, count(*)::int as chunks from documents d join passages p on p.document_id = d.id group by 1`)
      expect(rows).toEqual([{ title: 'Chunks of passages', chunks: 4 }])
      const { rows: made } = await db.query(sql`
        insert into passages (text) values ('new') returning id::int`)
      expect(made).toEqual([{ id: 5 }])
      await db.query(sql`delete from passages where id = 5`)
    },
  },
  {
    name: 'extra columns, checks, indexes, triggers, comments, foreign keys in and out, a view, identity columns',
    setup: plainLegacy(
      5,
      9,
      `
      create table labels (id int primary key);
      insert into labels values (1);
      alter table chunk_embeddings alter column id drop default;
      drop sequence chunk_embeddings_id_seq;
      alter table chunk_embeddings alter column id add generated always as identity (start 50 increment 5);
      alter table chunk_embeddings
        add column kind text not null default 'x' check (kind <> ''),
        add column label_id int references labels (id),
        add column seen timestamptz,
        add column width int generated always as (vector_dims(embedding)) stored,
        add column lang varchar(2) not null default 'en',
        add column counter bigserial,
        add constraint one_per_chunk unique (chunk_id);
      alter table chunk_embeddings alter column lang drop default;
      create index by_kind on chunk_embeddings (kind, seen desc) include (label_id) where kind <> 'z';
      create index on chunk_embeddings using hash (lang);
      create table feedback (id serial primary key, embedding_id int references chunk_embeddings (id) on delete set null);
      insert into feedback (embedding_id) select id from chunk_embeddings limit 3;
      create function touch() returns trigger language plpgsql as $$ begin new.seen := now(); return new; end $$;
      create trigger touch_it before update on chunk_embeddings for each row execute function touch();
      create trigger count_it after insert on chunk_embeddings referencing new table as fresh for each statement execute function touch();
      alter table chunk_embeddings disable trigger count_it;
      comment on table chunk_embeddings is 'It''s "ours" \\ mine';
      comment on column chunk_embeddings.embedding is 'made by a model';
      comment on constraint one_per_chunk on chunk_embeddings is 'only one';
      create view wide as select chunk_id, embedding, kind from chunk_embeddings;
      alter table chunk_embeddings set (fillfactor = 70);
      alter table chunk_embeddings alter column kind set statistics 500;
      insert into chunk_embeddings (chunk_id, embedding, lang)
        select id, ${vectorSql(5, 'id')}, 'de' from chunks where false;`,
    ),
    dimension: 5,
    options: named,
    rows: 9,
    also: async (db) => {
      expect((await db.query(sql`select from wide where embedding is not null`)).rowCount).toBe(9)
      expect(
        (await db.query(sql`select from feedback f join chunk_embeddings e on e.id = f.embedding_id`))
          .rowCount,
      ).toBe(3)
      const comment = await db.query(sql`select obj_description('chunk_embeddings'::regclass) as c`)
      expect(comment.rows).toEqual([{ c: 'It\'s "ours" \\ mine' }])
    },
  },
  {
    name: 'a constant model_id of its own',
    setup: plainLegacy(
      4,
      5,
      'alter table chunk_embeddings add column model_id bigint; update chunk_embeddings set model_id = 7',
    ),
    dimension: 4,
    options: named,
    rows: 5,
    also: async (db) => {
      const { rows } = await db.query(sql`select id from embedding_models`)
      expect(rows).toEqual([{ id: 7 }])
      await db.transaction((tx) => createModelTable(tx, { id: 8, dimension: 9, distance: 'cosine' }))
    },
  },
  {
    name: 'metadata, hashes and names that collide or do',
    setup: `
      create table sources (id int primary key, url text unique, name text, metadata json not null, content_hash varchar(32), page text);
      create table chunks (id int generated by default as identity primary key, source_id int not null references sources (id),
        text text not null, metadata jsonb, position text, page int not null, language text not null, token_count int);
      create table chunk_embeddings (chunk_id int primary key references chunks (id), embedding vector(3) not null);
      insert into sources values (1, 'http://x', 'X', '{}', 'abc', 'p');
      insert into chunks (source_id, text, page, language) values (1, 'one', 1, 'en'), (1, 'two', 2, 'en');
      insert into chunk_embeddings select id, '[1,1,1]' from chunks;`,
    dimension: 3,
    options: named,
    rows: 2,
    layout: {
      documents: {
        source: 'url',
        title: 'name',
        metadata: 'revector_metadata',
        contentHash: 'revector_content_hash',
        content: 'content',
      },
      chunks: {
        position: 'revector_position',
        page: 'page',
        tokenCount: 'token_count',
        documentId: 'source_id',
      },
    },
  },
]

describeEngines('the upgrade of a fixed-dimension database', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  describe.each([...widths, ...indexes, ...shapes])('$name', (one) => {
    it('is adopted without moving a row, and put back exactly', async () => {
      await check(db, one)
    })
  })

  it('says that other models have the width too where the model is assumed, not where it is named', async () => {
    await script(db, plainLegacy(1536, 4))
    const assumed = await planUpgrade(db)
    expect(assumed?.model).toBe('text-embedding-ada-002')
    expect(assumed?.warnings).toEqual([
      expect.stringMatching(/text-embedding-ada-002 .*text-embedding-3-small, .*--model NAME/),
    ])
    const told = await planUpgrade(db, { model: { modelName: 'text-embedding-ada-002' } })
    expect(told?.warnings).toEqual([])
  })
})

describeServer('the upgrade of a fixed-dimension database elsewhere', (engine) => {
  it('finds it in the schema that is first on the search path', async () => {
    const db = await connectWith(engine, '"App Data", public')
    await check(db, {
      name: 'in another schema',
      setup: `
        create schema "App Data";
        ${plainLegacy(7, 5, 'create index on chunk_embeddings using hnsw (embedding vector_cosine_ops)')}`,
      dimension: 7,
      options: named,
      rows: 5,
      layout: { chunks: { table: { schema: 'App Data', name: 'chunks' } } },
    })
  })
})

async function check(db: Database, one: Case): Promise<void> {
  await script(db, one.setup)
  const before = await snapshot(db)
  const places = await rowPlaces(db, 'chunk_embeddings')

  const plan = await planUpgrade(db, one.options)
  expect(plan).toMatchObject({ dimension: one.dimension })
  expect(await snapshot(db)).toEqual(before)

  const result = await runRevisions(db, one.options)
  expect(result).toMatchObject({ from: 0, to: 6, adopted: { table: 'chunk_embeddings' } })
  expect(await schemaStatus(db)).toEqual({
    revision: 6,
    latestRevision: 6,
    unfinished: null,
    legacy: null,
  })
  expect(await rowPlaces(db, 'chunk_embeddings')).toEqual(places)
  if (one.rows !== undefined) expect(places.length).toBe(one.rows)
  await checkAfter(db, one)
  await one.also?.(db)
  expect(await runRevisions(db, one.options)).toMatchObject({ from: 6, to: 6, adopted: null })

  await rollbackRevisions(db, { to: 1 })
  expect(await schemaStatus(db)).toMatchObject({ revision: 1, legacy: { dimension: one.dimension } })
  await rollbackRevisions(db, { to: 0 })
  const after = await snapshot(db)
  for (const part of Object.keys(before)) {
    if (one.also === undefined || !['rows', 'sequences'].includes(part)) {
      expect(after[part], part).toEqual(before[part])
    }
  }
}

/** A database whose search path is another from its next connection on. */
async function connectWith(engine: Engine, searchPath: string): Promise<Database> {
  const place = await engine.place()
  const first = await connectDatabase(place)
  const { rows } = await first.query<{ name: string }>(sql`select current_database() as name`)
  await script(first, `alter database "${rows[0]?.name}" set search_path to ${searchPath}`)
  await first.close()
  const db = await connectDatabase(place)
  onTestFinished(() => db.close())
  return db
}

/** Where each row lies in its file: the same before and after means that nothing was rewritten. */
async function rowPlaces(db: Database, table: string): Promise<unknown[]> {
  const { rows } = await db.query(sql`
    select chunk_id::text, ctid::text as place, xmin::text as written from ${raw(table)} order by 1, 2`)
  return [...rows]
}

async function checkAfter(db: Database, one: Case): Promise<void> {
  expect(await vectorColumns(db)).toEqual([one.dimension])
  const layout = await loadLayout(db)
  if (one.layout !== undefined) expect(layout).toMatchObject(one.layout)
  const { rows: models } = await db.query<{ id: number; distance: string }>(
    sql`select id, distance from embedding_models`,
  )
  const [found] = models
  if (one.distance !== undefined) expect(found?.distance).toBe(one.distance)
  if (one.hnswIndex !== undefined && found !== undefined) {
    const hnswIndex = await hnswIndexOf(db, { id: found.id, dimension: one.dimension })
    expect(hnswIndex).toMatchObject({ valid: true, ...(one.hnswIndex.name && { name: one.hnswIndex.name }) })
    const { rows } = await db.query<{ def: string }>(
      sql`select pg_get_indexdef(to_regclass(${hnswIndex?.name ?? ''})) as def`,
    )
    expect(rows[0]?.def).toContain(one.hnswIndex.definition)
  }
  for (const query of [
    sql`select * from embedding_models`,
    sql`select column_name from information_schema.columns
        where table_name = 'chunk_embeddings' and column_name like 'embedding_%'`,
    sql`select em.model_name, em.dimension, count(ce.id) as count from embedding_models em
        left join chunk_embeddings ce on ce.model_id = em.id group by em.model_name, em.dimension`,
  ]) {
    await db.query(query)
  }
}
