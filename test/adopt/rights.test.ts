import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { makeShape, modelName, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

describeServer('rights on an application’s table', (engine, serverUrl) => {
  async function run(databaseUrl: string, statements: string): Promise<readonly object[]> {
    const db = await connectDatabase({ databaseUrl })
    try {
      return (await db.query(raw(statements))).rows
    } finally {
      await db.close()
    }
  }

  async function adopted(before: (databaseUrl: string) => Promise<void> = async () => {}) {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    await db.close()
    await before(databaseUrl)
    const revector = await open(databaseUrl)
    await revector.db.adopt(shape.table, { model: modelName })
    return { databaseUrl, revector }
  }

  async function open(databaseUrl: string): Promise<Revector> {
    const revector = await createRevector({ databaseUrl, schema: 'beside', logLevel: 'silent', poolSize: 3 })
    onTestFinished(() => revector.db.close())
    return revector
  }

  it('do not suffice where row level security hides rows', async () => {
    const reader = `reader_${randomUUID().replaceAll('-', '')}`
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    await db.close()
    await run(
      databaseUrl,
      `create role ${reader} login password 'reader';
       grant create on database ${new URL(databaseUrl).pathname.slice(1)} to ${reader};
       grant select, trigger on ${shape.texts} to ${reader};
       alter table ${shape.texts} enable row level security;
       create policy own on ${shape.texts} using (content like 'Bees%')`,
    )
    afterUse(async () => {
      await run(databaseUrl, `drop owned by ${reader}; drop role ${reader}`)
    })
    const url = new URL(databaseUrl)
    url.username = reader
    url.password = 'reader'
    const revector = await open(url.href)
    await expect(revector.db.adopt(shape.table, { model: modelName })).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
      message: expect.stringContaining('row level security hides rows'),
    })
    const [column] = await revector.db.discover()
    expect(column).toMatchObject({ rowSecurity: true, mode: 'none', adopt: null })
    // Its owner sees all rows.
    const owner = await open(databaseUrl)
    expect(await owner.db.adopt(shape.table, { model: modelName })).toMatchObject({ rows: texts.length })
  })

  it('that are missing are said before anything is made, with what to grant; doctor lists them', async () => {
    const name = `adopter_${randomUUID().replaceAll('-', '')}`
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const shape = shapes.find(({ table }) => table === 'passage_vectors')
    if (shape === undefined) throw new Error('There is no shape')
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    await db.close()
    await run(databaseUrl, `create role ${name} login password 'secret'`)
    afterUse(async () => {
      await run(databaseUrl, `drop owned by ${name}; drop role ${name}`)
    })
    const url = new URL(databaseUrl)
    url.username = name
    url.password = 'secret'
    const theirs = await open(url.href)
    const adopting = () => theirs.db.adopt(shape.table, { model: modelName })
    await expect(adopting()).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: { grants: [`grant select on "public"."passage_vectors" to "${name}"`] },
    })
    await run(databaseUrl, `grant select on passage_vectors, passages to ${name}`)
    await expect(adopting()).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: { grants: [`grant select, trigger on "public"."passages" to "${name}"`] },
    })
    const none = await run(databaseUrl, `select from pg_namespace where nspname = 'beside'`)
    expect(none).toEqual([])
    const owner = await createRevector({ databaseUrl, logLevel: 'silent' })
    onTestFinished(() => owner.db.close())
    const { role } = await owner.doctor({ probe: false, role: name })
    expect(role?.works.map(({ work, allowed }) => [work, allowed])).toEqual([['adopt', false]])
    for (const { statement, held } of role?.works[0]?.grants ?? [])
      if (!held) await run(databaseUrl, statement)
    expect(await adopting()).toMatchObject({ rows: texts.length })
    const { hits } = await theirs.retriever.search({ query: 'ships harbour', topK: 1 })
    expect(hits[0]?.content).toBe(texts[1])
    await theirs.db.release()
  })

  it('that are lost on the way leave nothing', async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    await db.close()
    // Refuses what comes last.
    await run(
      databaseUrl,
      `create function refuse() returns event_trigger language plpgsql as $$ begin raise 'no triggers here'; end $$;
       create event trigger no_triggers on ddl_command_end when tag in ('CREATE TRIGGER') execute function refuse()`,
    )
    const revector = await open(databaseUrl)
    await expect(revector.db.adopt(shape.table, { model: modelName })).rejects.toMatchObject({
      message: expect.stringContaining('no triggers here'),
    })
    expect(await run(databaseUrl, `select from pg_namespace where nspname = 'beside'`)).toEqual([])
    await run(databaseUrl, 'drop event trigger no_triggers')
    expect(await revector.db.adopt(shape.table, { model: modelName })).toMatchObject({ rows: texts.length })
  })

  it('are given to no one by what Revector makes beside it, views among it', async () => {
    const anon = `anon_${randomUUID().replaceAll('-', '')}`
    const { databaseUrl, revector } = await adopted(async (url) => {
      await run(url, `create role ${anon}`)
      afterUse(async () => {
        await run(url, `drop owned by ${anon}; drop role ${anon}`)
      })
      await run(
        url,
        `alter default privileges grant all on tables to ${anon};
         alter default privileges grant all on sequences to ${anon};
         alter default privileges grant all on functions to ${anon};
         alter default privileges grant all on schemas to ${anon}`,
      )
    })
    await revector.models.add(space('narrow', 32))
    await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'narrow' })
    const found = await run(
      databaseUrl,
      `select relname from pg_class where relnamespace = 'beside'::regnamespace and relkind in ('r', 'p', 'v', 'S')
         and relacl::text like '%${anon}%'
       union all select nspname from pg_namespace where nspname = 'beside' and has_schema_privilege('${anon}', oid, 'usage')
       union all select proname from pg_proc where pronamespace = 'beside'::regnamespace
         and has_function_privilege('${anon}', oid, 'execute')`,
    )
    expect(found).toEqual([])
  })

  it('of a reader and of a service are what doctor says, and reach no row of the application', async () => {
    const { databaseUrl, revector } = await adopted()
    for (const work of ['read-only', 'service']) {
      const name = `adopted_${randomUUID().replaceAll('-', '')}`
      await run(serverUrl, `create role ${name} login password 'secret'`)
      afterUse(async () => {
        await run(databaseUrl, `drop owned by ${name}`)
        await run(serverUrl, `drop role ${name}`)
      })
      const url = new URL(databaseUrl)
      url.username = name
      url.password = 'secret'
      const theirs = await open(url.href)
      await expect(theirs.retriever.search({ query: 'ships' })).rejects.toMatchObject({
        code: 'DATABASE_PERMISSION_DENIED',
      })
      const { role } = await revector.doctor({ probe: false, role: name })
      const grants = role?.works.find((one) => one.work === work)?.grants ?? []
      for (const { statement } of grants) await run(databaseUrl, statement)
      const { hits } = await theirs.retriever.search({ query: 'When do ships leave the harbour?', topK: 1 })
      expect(hits.map(({ content }) => content)).toEqual([texts[1]])
      for (const view of ['documents', 'chunks', 'chunk_embeddings_model_1']) {
        await expect(run(url.href, `delete from beside.${view}`)).rejects.toMatchObject({
          code: 'DATABASE_PERMISSION_DENIED',
        })
      }
    }
  })

  it('of the owner of the application’s tables suffice to expose one, and its readers read the new one', async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const [owner, application, service] = ['owner', 'application', 'service'].map(
      (role) => `${role}_${randomUUID().replaceAll('-', '')}`,
    )
    const database = new URL(databaseUrl).pathname.slice(1)
    const as = (role: string | undefined): string => {
      const url = new URL(databaseUrl)
      url.username = role ?? ''
      url.password = 'secret'
      return url.href
    }
    for (const role of [owner, application, service]) {
      await run(serverUrl, `create role ${role} login password 'secret'`)
      afterUse(async () => {
        await run(databaseUrl, `drop owned by ${role} cascade`)
        await run(serverUrl, `drop role ${role}`)
      })
    }
    await run(
      databaseUrl,
      `grant create on database ${database} to ${owner}; grant create, usage on schema public to ${owner}`,
    )
    await run(
      as(owner),
      `create table items (id bigint primary key generated always as identity, tenant text, content text, embedding vector(64));
       alter table items enable row level security;
       create policy mine on items using (tenant = 'a') with check (tenant = 'a');
       grant select, insert, update, delete on items to ${application};
       alter default privileges grant all on tables to ${service}`,
    )
    const vector = (width: number) => `'[${Array.from({ length: width }, (_, i) => (i % 7) + 1).join(',')}]'`
    await run(
      as(owner),
      `insert into items (tenant, content, embedding) values ('b', 'Bees build combs.', ${vector(64)})`,
    )
    const revector = await open(as(owner))
    await revector.db.adopt('items', { model: modelName, unverified: true })
    await revector.models.add(space('lexical-hash-32', 32))
    await revector.ingestion.migrateToNewModel({ sourceModel: modelName, targetModel: 'lexical-hash-32' })
    const { role } = await revector.doctor({ probe: false, role: service })
    for (const { statement } of role?.works.find(({ work }) => work === 'service')?.grants ?? []) {
      await run(databaseUrl, statement)
    }
    await expect(
      (await open(as(application))).db.expose('lexical-hash-32', { as: 'next' }),
    ).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
    })
    // Two at once: one of them makes it.
    const [one, other] = await Promise.all([
      revector.db.expose('lexical-hash-32', { as: 'items_next' }),
      (await open(as(owner))).db.expose('lexical-hash-32', { as: 'items_next' }),
    ])
    expect(one).toEqual(other)
    expect(one).toMatchObject({ rows: 1, vectors: 1 })

    // The application sees its own rows only, and its numbers are no one else's.
    await run(
      as(application),
      `insert into items_next (tenant, content, embedding) values ('a', 'Zebras drink.', ${vector(32)})`,
    )
    await run(
      as(application),
      `insert into items (tenant, content, embedding) values ('a', 'Ostriches run.', ${vector(64)})`,
    )
    const seen = (table: string) => run(as(application), `select id, content from ${table} order by id`)
    const both = [
      { id: '2', content: 'Zebras drink.' },
      { id: '3', content: 'Ostriches run.' },
    ]
    expect(await seen('items')).toEqual(both)
    expect(await seen('items_next')).toEqual(both)
    await expect(
      run(as(application), `insert into items_next (tenant, content) values ('b', 'Not mine.')`),
    ).rejects.toMatchObject({ code: 'DATABASE_PERMISSION_DENIED' })
    expect(
      await run(
        databaseUrl,
        `select pg_get_userbyid(relowner) as owner, has_table_privilege('${service}', oid, 'select') as given
        from pg_class where relname = 'items_next'`,
      ),
    ).toEqual([{ owner, given: false }])

    // A worker that may write to Revector's tables alone makes the vectors of both.
    const worker = await open(as(service))
    await worker.migrations.work({ once: true })
    expect((await worker.models.list()).map(({ embeddings }) => embeddings)).toEqual([3, 3])

    // Once the old table is dropped, the new one counts on: 4 was of the row that was refused.
    await revector.migrations.retire(undefined, { force: true })
    await run(as(owner), 'drop table items')
    await run(as(application), `insert into items_next (tenant, content) values ('a', 'Cranes dance.')`)
    expect((await seen('items_next')).at(-1)).toEqual({ id: '5', content: 'Cranes dance.' })
  })
})
