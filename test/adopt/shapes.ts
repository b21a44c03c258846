import { openEmbeddingModel } from '../../src/embedding/open.ts'
import type { Queryable } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import type { PlaceChoices } from '../../src/schema/attach/expressions.ts'
import { bareEnvironment, space } from '../support/models.ts'

/** The shape of an application's tables, as its tool makes them. */
export interface Shape {
  readonly name: string
  /** What to adopt: `table` or `schema.table`. */
  readonly table: string
  /** The table with the texts, quoted: what must be the same at the end. */
  readonly texts: string
  readonly ddl: string
  /** Inserts one text with its vector: `$1` a number, `$2` the text, `$3` the vector. */
  readonly insert: string
  /** Changes texts, takes one away, and empties the table: `$1` the new text. The text begins with what is sought. */
  readonly rename: string
  readonly mode?: 'copy'
  /** What has to be said beside the model. */
  readonly choices?: PlaceChoices
  readonly remove: string
}

export const shapes: readonly Shape[] = [
  {
    name: 'LangChain.js',
    table: 'testlangchainjs',
    texts: 'testlangchainjs',
    ddl: `create table testlangchainjs (
        id uuid primary key default gen_random_uuid(), content text, metadata jsonb, vector vector(64));
      create index on testlangchainjs using hnsw (vector vector_cosine_ops)`,
    insert: `insert into testlangchainjs (content, metadata, vector)
      values ($2, jsonb_build_object('source', $1::int || '.md'), $3::vector)`,
    rename: `update testlangchainjs set content = $1 where content like 'Grain%'`,
    remove: `delete from testlangchainjs where content like 'The library%'`,
  },
  {
    name: 'LangChain.js, without a dimension',
    table: 'langchain_docs',
    texts: 'langchain_docs',
    ddl: `create table langchain_docs (
        id uuid primary key default gen_random_uuid(), text text, metadata jsonb, embedding vector);
      create index on langchain_docs using hnsw ((embedding::vector(64)) vector_cosine_ops)`,
    insert: `insert into langchain_docs (text, metadata, embedding)
      values ($2, jsonb_build_object('source', $1::int || '.md'), $3::vector)`,
    rename: `update langchain_docs set text = $1 where text like 'Grain%'`,
    remove: `delete from langchain_docs where text like 'The library%'`,
  },
  {
    name: 'LangChain (Python)',
    table: 'langchain_pg_embedding',
    texts: 'langchain_pg_embedding',
    ddl: `create table langchain_pg_embedding (
        id varchar primary key, collection_id uuid, embedding vector, document varchar, cmetadata json)`,
    insert: `insert into langchain_pg_embedding (id, embedding, document, cmetadata)
      values ('doc-' || $1::int, $3::vector, $2, json_build_object('title', 'Title ' || $1::int))`,
    rename: `update langchain_pg_embedding set document = $1 where document like 'Grain%'`,
    remove: `delete from langchain_pg_embedding where document like 'The library%'`,
  },
  {
    name: 'Mastra, whose text is in its metadata',
    table: 'docs',
    texts: 'docs',
    ddl: `create table docs (
        id serial primary key, vector_id text not null unique, embedding vector(64), metadata jsonb default '{}')`,
    insert: `insert into docs (vector_id, embedding, metadata)
      values ('v' || $1::int, $3::vector, jsonb_build_object('text', $2::text))`,
    rename: `update docs set metadata = metadata || jsonb_build_object('text', $1::text) where metadata ->> 'text' like 'Grain%'`,
    remove: `delete from docs where metadata ->> 'text' like 'The library%'`,
  },
  {
    name: 'texts and vectors in two tables',
    table: 'item_vectors',
    texts: 'items',
    ddl: `create table items (id bigint primary key, name text, body text not null);
      create table item_vectors (item_id bigint primary key references items on delete cascade, embedding vector(64) not null)`,
    insert: `with item as (insert into items (id, name, body) values ($1::int, 'Item ' || $1::int, $2) returning id)
      insert into item_vectors (item_id, embedding) select id, $3::vector from item`,
    rename: `update items set body = $1 where body like 'Grain%'`,
    remove: `delete from items where body like 'The library%'`,
  },
  {
    name: 'quoted names in another schema',
    table: 'rag data.Passage Store',
    texts: '"rag data"."Passage Store"',
    ddl: `create schema "rag data";
      create table "rag data"."Passage Store" (
        "Passage ID" integer primary key generated always as identity, "content" text not null, "The ""Vector""" vector(64),
        words int generated always as (length("content")) stored)`,
    insert: `insert into "rag data"."Passage Store" ("content", "The ""Vector""") values ($2, $3::vector) returning $1::int`,
    rename: `update "rag data"."Passage Store" set "content" = $1 where "content" like 'Grain%'`,
    remove: `delete from "rag data"."Passage Store" where "content" like 'The library%'`,
  },
  {
    name: 'a key of three columns, in two tables',
    table: 'passage_vectors',
    texts: 'passages',
    ddl: `create table passages (tenant int, document int, no smallint, content text, primary key (tenant, document, no));
      create table passage_vectors (tenant int, doc int, no smallint, embedding vector(64), primary key (tenant, doc, no),
        foreign key (tenant, doc, no) references passages on delete cascade)`,
    insert: `with fresh as (insert into passages values (7, $1::int, 0, $2) returning *)
      insert into passage_vectors select tenant, document, no, $3::vector from fresh`,
    rename: `update passages set content = $1 where content like 'Grain%'`,
    remove: `delete from passages where content like 'The library%'`,
  },
  {
    name: 'a key of texts and dates, with commas',
    table: 'diary',
    texts: 'diary',
    ddl: `create table diary (author varchar(40), day date, entry text, vector vector(64), primary key (author, day));
      create index on diary using hnsw (vector vector_cosine_ops)`,
    insert: `insert into diary values ('Woolf, \\ V.', date '1915-01-01' + $1::int, $2, $3::vector)`,
    rename: `update diary set entry = $1 where entry like 'Grain%'`,
    remove: `delete from diary where entry like 'The library%'`,
  },
  {
    name: 'numbers as keys, referred to without an index',
    table: 'note_vectors',
    texts: 'notes',
    ddl: `create table notes (no numeric(12, 2) primary key, note text);
      create table note_vectors (id serial primary key, note_no numeric references notes on delete cascade, embedding vector)`,
    insert: `with fresh as (insert into notes values ($1::int, $2) returning no)
      insert into note_vectors (note_no, embedding) select no, $3::vector from fresh`,
    rename: `update notes set note = $1 where note like 'Grain%'`,
    remove: `delete from notes where note like 'The library%'`,
  },
  {
    name: 'padded characters as keys',
    table: 'tickets',
    texts: 'tickets',
    ddl: `create table tickets (code char(10) primary key, body text, embedding halfvec(64));
      create index on tickets using hnsw (embedding halfvec_cosine_ops)`,
    insert: `insert into tickets values ('T' || $1::int, $2, $3::vector::halfvec)`,
    rename: `update tickets set body = $1 where body like 'Grain%'`,
    remove: `delete from tickets where body like 'The library%'`,
  },
  {
    name: 'a domain as key, referred to by a plain index',
    table: 'Chunk Vectors',
    texts: '"Chunks"',
    ddl: `create domain chunk_no as bigint check (value > 0);
      create table "Chunks" ("chunkNo" chunk_no primary key, "pageContent" text);
      create table "Chunk Vectors" (id uuid primary key default gen_random_uuid(), "chunkNo" chunk_no references "Chunks" on delete cascade,
        "theVector" vector(64));
      create index on "Chunk Vectors" ("chunkNo")`,
    insert: `with fresh as (insert into "Chunks" values ($1::int, $2) returning "chunkNo")
      insert into "Chunk Vectors" ("chunkNo", "theVector") select "chunkNo", $3::vector from fresh`,
    rename: `update "Chunks" set "pageContent" = $1 where "pageContent" like 'Grain%'`,
    remove: `delete from "Chunks" where "pageContent" like 'The library%'`,
  },
  {
    name: 'partitions',
    table: 'events',
    texts: 'events',
    ddl: `create table events (id bigint generated always as identity, tenant int, body text, embedding vector(64),
        primary key (id, tenant)) partition by list (tenant);
      create table events_even partition of events for values in (0);
      create table events_odd partition of events for values in (1);
      create index on events using hnsw (embedding vector_cosine_ops)`,
    insert: `insert into events (tenant, body, embedding) values ($1::int % 2, $2, $3::vector)`,
    rename: `update events set body = $1, tenant = 1 - tenant where body like 'Grain%'`,
    remove: `delete from events where body like 'The library%'`,
  },
  {
    name: 'vectors in partitions',
    table: 'page_vectors',
    texts: 'pages',
    ddl: `create table pages (id int primary key, body text);
      create table page_vectors (id int generated by default as identity, tenant int, page_id int references pages on delete cascade,
        embedding vector(64), primary key (id, tenant)) partition by list (tenant);
      create table page_vectors_all partition of page_vectors default`,
    insert: `with fresh as (insert into pages values ($1::int, $2) returning id)
      insert into page_vectors (tenant, page_id, embedding) select 1, id, $3::vector from fresh`,
    rename: `update pages set body = $1 where body like 'Grain%'`,
    remove: `delete from pages where body like 'The library%'`,
  },
  {
    name: 'heirs',
    table: 'articles',
    texts: 'articles',
    ddl: `create table articles (id int primary key, body text, embedding vector(64));
      create table articles_new (primary key (id)) inherits (articles)`,
    insert: `insert into articles_new values ($1::int, $2, $3::vector)`,
    rename: `update articles set body = $1 where body like 'Grain%'`,
    remove: `delete from articles_new where body like 'The library%'`,
  },
  {
    name: 'elizaOS',
    table: 'embeddings',
    texts: 'memories',
    choices: { vector: 'dim_64' },
    ddl: `create table memories (id uuid primary key default gen_random_uuid(), type text not null, created_at timestamptz default now(),
        content jsonb not null, "roomId" uuid, metadata jsonb not null default '{}');
      create table embeddings (id uuid primary key default gen_random_uuid(), memory_id uuid references memories on delete cascade,
        created_at timestamptz default now(), dim_64 vector(64), dim_32 vector(32));
      create index on embeddings (memory_id)`,
    insert: `with fresh as (insert into memories (type, content) values ('m' || $1::int, jsonb_build_object('text', $2::text)) returning id)
      insert into embeddings (memory_id, dim_64) select id, $3::vector from fresh`,
    rename: `update memories set content = jsonb_build_object('text', $1::text) where content ->> 'text' like 'Grain%'`,
    remove: `delete from memories where content ->> 'text' like 'The library%'`,
  },
  {
    name: 'arrays of numbers, in two tables',
    table: 'snippet_vectors',
    mode: 'copy',
    texts: 'snippets',
    ddl: `create table snippets (id int primary key, body text);
      create table snippet_vectors (id serial primary key, snippet_id int references snippets on delete cascade, numbers real[])`,
    insert: `with fresh as (insert into snippets values ($1::int, $2) returning id)
      insert into snippet_vectors (snippet_id, numbers) select id, $3::vector::real[] from fresh`,
    rename: `update snippets set body = $1 where body like 'Grain%'`,
    remove: `delete from snippets where body like 'The library%'`,
  },
  {
    name: 'JSON, with a key of two columns',
    table: 'cards',
    mode: 'copy',
    texts: 'cards',
    ddl: `create table cards (box text, no int, body text, embedding jsonb, primary key (box, no))`,
    insert: `insert into cards values ('a,b', $1::int, $2, $3::text::jsonb)`,
    rename: `update cards set body = $1 where body like 'Grain%'`,
    remove: `delete from cards where body like 'The library%'`,
  },
  {
    name: 'text in braces, in partitions',
    table: 'lines',
    mode: 'copy',
    texts: 'lines',
    ddl: `create table lines (id bigint primary key, body text, vector_text varchar) partition by range (id);
      create table lines_first partition of lines for values from (0) to (3);
      create table lines_rest partition of lines default`,
    insert: `insert into lines select $1::int, $2, translate($3::text, '[]', '{}')`,
    rename: `update lines set body = $1 where body like 'Grain%'`,
    remove: `delete from lines where body like 'The library%'`,
  },
]

export const texts = [
  'Bees build combs of wax in the hive.',
  'Ships leave the harbour at high tide.',
  'The library closes at nine on weekdays.',
  'Grain is weighed before it is milled.',
  'A lighthouse warns ships of the rocks.',
]

/** What the application embeds with, under the name that Revector is told. */
export const modelName = 'lexical-hash-64'
const applicationModels = new Map<string, ReturnType<typeof openEmbeddingModel>>()

function applicationModel(name: string): ReturnType<typeof openEmbeddingModel> {
  const opened =
    applicationModels.get(name) ??
    openEmbeddingModel(space(name, Number(name.split('-').at(-1))), bareEnvironment)
  applicationModels.set(name, opened)
  return opened
}

/** Makes the tables and writes the texts as the application would. */
export async function makeShape(db: Queryable, { ddl, insert }: Shape): Promise<void> {
  for (const statement of ddl.split(';')) await db.query(raw(statement))
  for (const [i, text] of texts.entries()) await write(db, insert, i + 1, text)
}

/** One text by the application itself, with the vector of its own model. */
export async function write(
  db: Queryable,
  insert: string,
  number: number,
  text: string,
  by = modelName,
): Promise<void> {
  const model = await applicationModel(by)
  const { vectors } = await model.embed([text], { kind: 'document' })
  const vector = `[${vectors[0]?.join(',')}]`
  const [before = '', ...parts] = insert.split(/\$[123]/)
  const order = [...insert.matchAll(/\$([123])/g)].map(([, n]) => Number(n))
  const values = [number, text, vector]
  let statement = raw(before)
  parts.forEach((part, i) => {
    statement = sql`${statement}${values[(order[i] ?? 1) - 1]}${raw(part)}`
  })
  await db.query(statement)
}

/** One of the application's statements with a text in it. */
export async function run(db: Queryable, statement: string, text: string): Promise<void> {
  const [before = '', after] = statement.split('$1')
  await db.query(
    after === undefined ? raw(before) : sql`${raw(before)}${text}::text${raw(after.replace(/^::text/, ''))}`,
  )
}

/** Everything that the table holds, in one number. */
export async function digest(db: Queryable, table: string): Promise<string> {
  const { rows } = await db.query<{ digest: string }>(sql`
    select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as digest from ${raw(table)} t`)
  return rows[0]?.digest ?? ''
}
