import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { schemaStatus } from '../../src/schema/status.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { describeEngines } from '../support/engines.ts'
import { empty, script, snapshot } from './legacy.ts'

const open = `
  insert into embedding_models (model_name, dimension, provider, remote_name)
    values ('a', 4, 'lexical-hash', 'a'), ('b', 4, 'lexical-hash', 'b');
  insert into model_migrations (source_model_id, target_model_id, source_model, target_model, state, settings,
    target_was_empty)
    select s.id, t.id, 'a', 'b', 'filling', '{}', true
    from embedding_models s, embedding_models t where s.model_name = 'a' and t.model_name = 'b'`

describeEngines('the tables of migrations', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  it('come to a database of before, and a rollback to 2 takes them away again', async () => {
    await runRevisions(db, { to: 2 })
    expect(await schemaStatus(db)).toMatchObject({ revision: 2, latestRevision: 6 })
    const before = await snapshot(db)
    expect(await runRevisions(db)).toMatchObject({ from: 2, to: 6, adopted: null })
    expect(await rollbackRevisions(db, { to: 2 })).toMatchObject({ from: 6, to: 2, lockedMs: 0 })
    const after = await snapshot(db)
    for (const part of ['relations', 'columns', 'constraints', 'indexes', 'sequences']) {
      expect(after[part], part).toEqual(before[part])
    }
  })

  it('stay while a migration is open, wherever a rollback goes', async () => {
    await runRevisions(db)
    await script(db, open)
    for (const to of [2, undefined]) {
      await expect(rollbackRevisions(db, to === undefined ? {} : { to })).rejects.toMatchObject({
        code: 'ROLLBACK_REFUSED',
        message: expect.stringContaining('"b" is filling'),
      })
    }
    expect(await schemaStatus(db)).toMatchObject({ revision: 6, unfinished: null })
    await script(db, `update model_migrations set state = 'cancelled'`)
    expect(await rollbackRevisions(db)).toMatchObject({ from: 6, to: 1 })
  })

  it('allow one open migration of a target, and follow models and chunks that go', async () => {
    await runRevisions(db)
    await script(db, open)
    await expect(script(db, open.slice(open.indexOf('insert into model_migrations')))).rejects.toMatchObject({
      data: { sqlstate: '23505' },
    })
    await script(db, `delete from embedding_models where model_name = 'a'`)
    await expect(script(db, `update model_migrations set state = 'paused'`)).rejects.toMatchObject({
      data: { sqlstate: '23514' },
    })
  })

  it('fit chunks of any id, in a database that was adopted', async () => {
    await script(
      db,
      `create table documents (id serial primary key, title text not null);
       create table chunks (
         id varchar(36) primary key default gen_random_uuid()::text,
         document_id int not null references documents (id) on delete cascade,
         content text not null
       );
       create table chunk_embeddings (
         id serial primary key,
         chunk_id varchar(36) not null references chunks (id) on delete cascade,
         embedding vector(2) not null
       );
       insert into documents (title) values ('d');
       insert into chunks (document_id, content) values (1, 'one'), (1, 'two');
       insert into chunk_embeddings (chunk_id, embedding) select id, '[1,2]' from chunks`,
    )
    await runRevisions(db, { model: { modelName: 'm' } })
    await script(
      db,
      `insert into quarantined_chunks (model_id, chunk_id, code, reason) select 1, id, 'X', 'y' from chunks`,
    )
    await script(db, `delete from chunks`)
    expect((await db.query({ text: 'select from quarantined_chunks', values: [] })).rowCount).toBe(0)
  })
})
