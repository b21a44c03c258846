import { openEmbeddingModel } from '../../src/embedding/open.ts'
import type { Queryable } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
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
const applicationModel = openEmbeddingModel(space(modelName, 64), bareEnvironment)

/** Makes the tables and writes the texts as the application would. */
export async function makeShape(db: Queryable, { ddl, insert }: Shape): Promise<void> {
  for (const statement of ddl.split(';')) await db.query(raw(statement))
  for (const [i, text] of texts.entries()) await write(db, insert, i + 1, text)
}

/** One text by the application itself, with the vector of its own model. */
export async function write(db: Queryable, insert: string, number: number, text: string): Promise<void> {
  const model = await applicationModel
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
