import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Database } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { planUpgrade, type RunOptions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines, describeServer } from '../support/engines.ts'
import { empty, plainLegacy, script, snapshot } from './legacy.ts'

interface Refusal {
  readonly name: string
  readonly setup: string
  readonly options?: RunOptions
  readonly code?: ErrorCode
  /** Names and rows that the message must hold. */
  readonly says: readonly (string | RegExp)[]
  readonly data?: Record<string, unknown>
}

const named: RunOptions = { model: { modelName: 'the-model' } }
const plain = (extra: string): string => plainLegacy(3, 8, extra)

const refusals: Refusal[] = [
  {
    name: 'several rows for one chunk',
    setup: plain(
      `insert into chunk_embeddings (chunk_id, embedding) select chunk_id, embedding from chunk_embeddings where chunk_id <> 4`,
    ),
    says: ['several rows for one chunk_id, 7 times', '1, 2, 3, 5, 6, …'],
    data: { chunk_ids: ['1', '2', '3', '5', '6'], chunks: 7 },
  },
  {
    name: 'rows without a chunk',
    setup: plain(`
      alter table chunk_embeddings alter column chunk_id drop not null;
      update chunk_embeddings set chunk_id = null where id in (2, 3)`),
    says: ['2 rows without a chunk_id'],
  },
  {
    name: 'vectors of chunks that do not exist',
    setup: plain(`
      alter table chunk_embeddings drop constraint chunk_embeddings_chunk_id_fkey;
      insert into chunk_embeddings (chunk_id, embedding) values (99, '[1,1,1]'), (100, '[1,1,1]')`),
    says: ['2 chunks that are not in chunks', '99, 100'],
    data: { chunk_ids: ['99', '100'] },
  },
  {
    name: 'chunks without a document',
    setup: plain(`
      alter table chunks alter column document_id drop not null;
      update chunks set document_id = null where id = 5`),
    says: ['1 chunk without a document', 'id 5'],
  },
  {
    name: 'no column that could be the text',
    setup: `
      create table chunks (id int primary key, place int);
      create table chunk_embeddings (chunk_id int references chunks, embedding vector(3));`,
    says: ['chunks has no column that could be the chunks’ text'.replace('’', "'")],
  },
  {
    name: 'several columns that could be the text',
    setup: `
      create table chunks (id int primary key, summary text, raw text);
      create table chunk_embeddings (chunk_id int references chunks, embedding vector(3));`,
    says: ['"summary" and "raw"'],
    data: { candidates: ['summary', 'raw'] },
  },
  {
    name: 'no way from the vectors to the text',
    setup: 'create table chunk_embeddings (chunk_id int, embedding vector(3))',
    says: ['no foreign key'],
  },
  {
    name: 'text in the table itself',
    setup: 'create table chunk_embeddings (id int primary key, content text, embedding vector(3))',
    says: ['no column "chunk_id"'],
  },
  {
    name: 'a composite key',
    setup: `
      create table chunks (doc int, no int, content text, primary key (doc, no));
      create table chunk_embeddings (chunk_id int, embedding vector(3));`,
    options: { ...named, tables: { chunksTable: 'chunks' } },
    says: ['chunks has no single id column'],
  },
  {
    name: 'a table that is named and not there',
    setup: plain(''),
    options: { ...named, tables: { chunksTable: 'no such; table' } },
    says: ['--chunks-table names "no such; table"'],
  },
  {
    name: 'a text column that is named and not there',
    setup: plain(''),
    options: { ...named, tables: { chunkTextColumn: 'words' } },
    says: ['--chunk-text-column names "words"', 'no such column'],
  },
  {
    name: 'references to several tables',
    setup: `
      create table a (id int primary key); create table b (id int primary key);
      create table chunks (id int primary key, content text, x int references a, y int references b);
      create table chunk_embeddings (chunk_id int references chunks, embedding vector(3));`,
    says: ['"a" and "b"'],
  },
  {
    name: 'halfvec',
    setup: plain('alter table chunk_embeddings alter column embedding type halfvec(3)'),
    says: ['is of type halfvec(3)'],
  },
  {
    name: 'an array',
    setup: plain('alter table chunk_embeddings alter column embedding type real[]'),
    says: ['is of type real[]'],
  },
  {
    name: 'a vector without a dimension',
    setup: plain('alter table chunk_embeddings alter column embedding type vector'),
    says: ['without a dimension'],
  },
  {
    name: 'a partitioned table',
    setup: `create table chunk_embeddings (chunk_id int, embedding vector(3)) partition by hash (chunk_id)`,
    says: ['is partitioned'],
  },
  {
    name: 'a view',
    setup: plain(
      'alter table chunk_embeddings rename to ce; create view chunk_embeddings as select * from ce',
    ),
    says: ['is a view'],
  },
  {
    name: 'inheritance',
    setup: plain('create table more () inherits (chunk_embeddings)'),
    says: ['inheritance'],
  },
  {
    name: 'row-level security',
    setup: plain('alter table documents enable row level security'),
    says: ['documents has row-level security'],
  },
  {
    name: 'names of columns that the new layout needs',
    setup: plain('alter table chunk_embeddings add column embedding_3 text'),
    says: ['"embedding_3"'],
  },
  {
    name: 'a model_id that is not a number',
    setup: plain("alter table chunk_embeddings add column model_id text default 'ada'"),
    says: ['model_id is of type text'],
  },
  {
    name: 'a model_id with several values',
    setup: plain(`
      alter table chunk_embeddings add column model_id int default 1;
      update chunk_embeddings set model_id = 2 where id < 3`),
    says: ['1 (6 rows), 2 (2 rows)'],
  },
  {
    name: 'an embedding_models of another system',
    setup: plain('create table embedding_models (x int)'),
    says: ['embedding_models exists and is not'],
  },
  {
    name: 'a trigger that no partition may have',
    setup: plain(`
      create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger watcher after insert on chunk_embeddings referencing new table as n for each row execute function nothing()`),
    says: ['"watcher"'],
  },
  {
    name: 'vectors of an unknown model',
    setup: plain(''),
    options: {},
    code: 'UPGRADE_MODEL_UNKNOWN',
    says: ['8 vectors of 3 dimensions'],
    data: { dimension: 3, rows: 8 },
  },
  {
    name: 'a model of another width',
    setup: plain(''),
    options: { model: { modelName: 'text-embedding-3-large', dimension: 3072 } },
    code: 'MODEL_DIMENSION_CONFLICT',
    says: [/^Model exists with different dimension/],
  },
]

describeEngines('an upgrade that is refused', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  describe.each(refusals)('$name', (one) => {
    it('says why, and changes nothing', async () => {
      await script(db, one.setup)
      const before = await snapshot(db)
      const options = one.options ?? named
      const refusal = await runRevisions(db, options).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: one.code ?? 'UPGRADE_REFUSED', data: one.data ?? {} })
      for (const words of one.says) {
        expect(refusal).toHaveProperty('message', expect.stringMatching(pattern(words)))
      }
      expect(refusal).toHaveProperty('hint', expect.stringMatching(/\w/))
      await expect(planUpgrade(db, options)).rejects.toMatchObject({ code: one.code ?? 'UPGRADE_REFUSED' })
      expect(await snapshot(db)).toEqual(before)
    })
  })
})

function pattern(words: string | RegExp): RegExp {
  return typeof words === 'string' ? new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : words
}

describeServer('an upgrade by someone who does not own the tables', (engine) => {
  it('is refused, with what would give them to that user', async () => {
    const db = await engine.connect()
    const role = `reader_${process.pid}`
    await script(db, plainLegacy(3, 2))
    await script(
      db,
      `create role ${role}; grant usage, create on schema public to ${role}; grant all on all tables in schema public to ${role}`,
    )
    try {
      await db.session(async (session) => {
        await script(session, `set role ${role}`)
        await expect(planUpgrade(session, named)).rejects.toMatchObject({
          code: 'DATABASE_PERMISSION_DENIED',
          data: {
            // Their owner is a superuser, whose membership would give too much.
            grants: ['chunk_embeddings', 'chunks', 'documents'].map(
              (table) => `alter table "public"."${table}" owner to "${role}"`,
            ),
          },
        })
        await script(session, 'reset role')
      })
    } finally {
      await script(db, `drop owned by ${role}; drop role ${role}`)
    }
    expect((await db.query(sql`select from chunk_embeddings`)).rowCount).toBe(2)
  })
})
