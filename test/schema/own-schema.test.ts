import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { RevectorError } from '../../src/core/errors.ts'
import type { ProgressEvent } from '../../src/core/progress.ts'
import { type CreateOptions, createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { createSchema } from '../../src/schema/own-schema.ts'
import { runRevisions } from '../../src/schema/upgrade.ts'
import { tryLock } from '../../src/store/held-lock.ts'
import { afterUse, describeEngines, describeServer, type Place, serverEngine } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { describePoolers, pooledPlace, startPooler } from '../support/pooler.ts'

vi.setConfig({ testTimeout: 120_000 })

async function open(place: Place, options: CreateOptions): Promise<Revector> {
  const revector = await createRevector({ ...place, poolSize: 3, logLevel: 'silent', ...options })
  onTestFinished(() => revector.db.close())
  return revector
}

/** Statements on the database while no Revector has it open. @returns the rows of the last one */
async function plainly(place: Place, statements: string): Promise<readonly Record<string, unknown>[]> {
  const db = await connectDatabase(place)
  try {
    return (await db.query(raw(statements))).rows
  } finally {
    await db.close()
  }
}

/** Everything outside of the schemas, by kind; not what the extension brought. */
async function outside(place: Place, ...schemas: readonly string[]): Promise<readonly string[]> {
  const db = await connectDatabase(place)
  try {
    const { rows } = await db.query<{ found: string }>(sql`
      with things as (
        select 'pg_class'::regclass as class, oid, relnamespace as schema, relname as name from pg_class
        union all select 'pg_proc'::regclass, oid, pronamespace, proname from pg_proc
        union all select 'pg_type'::regclass, oid, typnamespace, typname from pg_type
        union all select 'pg_constraint'::regclass, oid, connamespace, conname from pg_constraint
        union all select 'pg_namespace'::regclass, oid, oid, nspname from pg_namespace
      )
      select t.class::text || ' ' || n.nspname || '.' || t.name as found
      from things t join pg_namespace n on n.oid = t.schema
      where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> all(${schemas}::text[])
        and not exists (select from pg_depend d where d.classid = t.class and d.objid = t.oid and d.deptype = 'e')
      order by 1`)
    return rows.map(({ found }) => found)
  } finally {
    await db.close()
  }
}

/** From a first document to another model, with the names that any application may have had before. */
async function wholeLife(revector: Revector, title: string): Promise<void> {
  await revector.db.initialize()
  await revector.models.add(space('narrow', 64))
  await revector.models.add(space('wide', 96))
  await revector.models.use('narrow')
  await revector.ingestion.ingestDocument({ title, content: `What ${title} says about owls.` })
  await revector.migrations.run({ sourceModel: 'narrow', targetModel: 'wide' })
  const { hits, models } = await revector.retriever.search({ query: 'owls' })
  expect({ models, titles: hits.map((hit) => hit.title) }).toEqual({ models: ['wide'], titles: [title] })
}

const name = 'Rev "vector", 1'

describeEngines('a schema of our own', (engine) => {
  it('holds everything that is made, from the first document to another model, whatever its name is', async () => {
    const place = await engine.place()
    await plainly(
      place,
      `create table documents (id int primary key, content text); insert into documents values (1, 'mine')`,
    )
    const before = await outside(place)
    const revector = await open(place, { schema: name })
    await wholeLife(revector, 'Ours')
    await revector.keys.create({ name: 'reader', scope: 'read' })
    expect((await revector.doctor()).checks.filter(({ result }) => result === 'fail')).toEqual([])
    await revector.db.close()

    expect(await outside(place, name)).toEqual(before)
    expect(await plainly(place, 'select * from documents')).toEqual([{ id: 1, content: 'mine' }])
  })

  it('hides one installation from another, and from one without a schema', async () => {
    const place = await engine.place()
    const installations = [{ schema: 'first' }, { schema: 'second' }, {}]
    for (const [index, options] of installations.entries()) {
      const revector = await open(place, options)
      await wholeLife(revector, `Text ${index}`)
      await revector.db.close()
    }
    const second = await open(place, { schema: 'second' })
    const [document] = (await second.documents.list()).documents
    await second.documents.remove(document?.id ?? '')
    await second.migrations.rollBack()
    await second.db.close()
    for (const [index, options] of installations.entries()) {
      const revector = await open(place, options)
      const { documents } = await revector.documents.list()
      const current = (await revector.models.list()).find((model) => model.current)
      expect({ titles: documents.map(({ title }) => title), current: current?.modelName }).toEqual(
        index === 1 ? { titles: [], current: 'narrow' } : { titles: [`Text ${index}`], current: 'wide' },
      )
      await revector.db.close()
    }
  })

  it('is rolled back alone', async () => {
    const place = await engine.place()
    for (const schema of ['first', 'second']) {
      const revector = await open(place, { schema })
      await revector.db.initialize()
      if (schema === 'second') await revector.db.rollback({ to: 0 })
      await revector.db.close()
    }
    for (const [schema, revision] of [
      ['first', 6],
      ['second', 0],
    ] as const) {
      const revector = await open(place, { schema })
      expect(await revector.db.status()).toMatchObject({ revision })
      await revector.db.close()
    }
    expect(await outside(place, 'first')).toEqual([
      'pg_namespace public.public',
      'pg_namespace second.second',
    ])
  })

  it('is created by db init and db run alone', async () => {
    const place = await engine.place()
    const revector = await open(place, { schema: 'absent' })
    expect(await revector.db.status()).toMatchObject({ revision: 0, documents: 0 })
    for (const call of [
      () => revector.retriever.search({ query: 'q' }),
      () => revector.models.list(),
      () => revector.doctor(),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'SCHEMA_MISSING',
        message: 'The database has no schema "absent".',
        hint: expect.stringContaining('revector db init --schema absent'),
      })
    }
    expect((await revector.db.plan()).steps).toMatchObject([
      { detail: expect.stringContaining('creates the schema "absent"') },
    ])
    expect(await revector.db.run()).toMatchObject({ revision: 6 })
    expect(await revector.models.list()).toEqual([])
  })

  it.each([
    ['', 'got ""'],
    ['x'.repeat(64), '1 to 63 bytes'],
    ['é'.repeat(32), '1 to 63 bytes'],
    ['pg_mine', 'not PostgreSQL’s own'],
    ['information_schema', 'not PostgreSQL’s own'],
  ])('refuses the name %s before anything is opened', async (schema, why) => {
    await expect(createRevector({ ...(await engine.place()), schema })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why),
      data: { option: 'schema' },
    })
  })
})

describeServer('a schema of our own', (engine, url) => {
  async function database(): Promise<{ readonly databaseUrl: string }> {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    return place
  }

  async function role(place: {
    readonly databaseUrl: string
  }): Promise<{ readonly name: string; readonly databaseUrl: string }> {
    const name = `owner_${randomUUID().replaceAll('-', '')}`
    await plainly({ databaseUrl: url }, `create role ${name} login password 'secret'`)
    afterUse(async () => {
      await plainly(place, `drop owned by ${name}`).catch(() => {})
      await plainly({ databaseUrl: url }, `drop role ${name}`)
    })
    const theirs = new URL(place.databaseUrl)
    theirs.username = name
    theirs.password = 'secret'
    return { name, databaseUrl: theirs.href }
  }

  it('takes precedence over a search path of the connection, of the variables and of the database', async () => {
    const { databaseUrl } = await database()
    const databaseName = new URL(databaseUrl).pathname.slice(1)
    await plainly(
      { databaseUrl },
      `create schema of_url; create schema of_options; create schema of_database; alter database "${databaseName}" set search_path = of_database`,
    )
    const before = await outside({ databaseUrl })
    vi.stubEnv('PGOPTIONS', '-c search_path=of_options')
    onTestFinished(() => void vi.unstubAllEnvs())
    const revector = await open({ databaseUrl: `${databaseUrl}?search_path=of_url` }, { schema: name })
    await wholeLife(revector, 'Ours')
    await revector.db.close()
    expect(await outside({ databaseUrl }, name)).toEqual(before)
  })

  it('needs CREATE on the database, and says so with the statement that gives it', async () => {
    const place = await database()
    const { name: user, databaseUrl } = await role(place)
    await plainly(place, 'create extension if not exists vector')
    const revector = await open({ databaseUrl }, { schema: 'ours' })
    const refused = await revector.db.initialize().then(
      () => null,
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: {
        role: user,
        grants: [expect.stringMatching(/^grant create on database "revector_test_.* to "owner_/)],
      },
    })
    expect(await plainly(place, `select from pg_namespace where nspname = 'ours'`)).toEqual([])
    await plainly(place, String((refused as RevectorError).data['grants']))
    const events: ProgressEvent[] = []
    await revector.db.initialize({ onProgress: (event) => void events.push(event) })
    expect(events.filter(({ type }) => type === 'warning')).toEqual([])
    // One with the name of a role is made, with a warning.
    const named = await open({ databaseUrl }, { schema: user })
    await named.db.initialize({ onProgress: (event) => void events.push(event) })
    expect(events.filter(({ type }) => type === 'warning')).toMatchObject([
      { message: expect.stringContaining(`There is a role called "${user}"`) },
    ])
  })

  it('two that are set up at the same moment', async () => {
    const place = await database()
    const all = await Promise.all([1, 2, 3].map(() => open(place, { schema: 'ours' })))
    await Promise.all(all.map((revector) => revector.db.initialize()))
    expect(await Promise.all(all.map((revector) => revector.db.getSupportedDimensions()))).toHaveLength(3)
  })

  it('db run does not pass over a table of the guide in another schema; db init sets up a corpus beside it', async () => {
    const place = await database()
    await plainly(
      place,
      'create extension if not exists vector; create table chunk_embeddings (id bigserial, chunk_id bigint, embedding vector(8))',
    )
    const revector = await open(place, { schema: 'ours' })
    for (const call of [() => revector.db.plan(), () => revector.db.run()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'UPGRADE_REFUSED',
        message: expect.stringContaining('public.chunk_embeddings'),
        hint: expect.stringMatching(/--schema public`.*revector db init --schema ours`/),
      })
    }
    expect(await plainly(place, `select from pg_namespace where nspname = 'ours'`)).toEqual([])
    await revector.db.initialize()
    expect(await revector.db.status()).toMatchObject({ revision: 6, legacy: null })
    const there = await open(place, { schema: 'public' })
    expect(await there.db.status()).toMatchObject({
      revision: 0,
      legacy: { table: 'chunk_embeddings', dimension: 8 },
    })
    // What is set up already is only brought up to date.
    expect((await revector.db.plan()).steps).toEqual([])
  })

  it('tells a role the schema among its grants, and takes them', async () => {
    const place = await database()
    const owner = await open(place, { schema: name })
    await wholeLife(owner, 'Ours')
    const { name: user, databaseUrl } = await role(place)
    const reader = await open({ databaseUrl }, { schema: name })
    await expect(reader.retriever.search({ query: 'owls' })).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      hint: expect.stringContaining('grant usage on schema "Rev ""vector"", 1"'),
    })
    const report = await owner.doctor({ probe: false, role: user })
    const grants = report.role?.works.find(({ work }) => work === 'read-only')?.grants ?? []
    for (const { statement } of grants) await plainly(place, statement)
    expect((await reader.retriever.search({ query: 'owls' })).hits).toMatchObject([{ title: 'Ours' }])
  })

  it('locks of one installation hold up none of another', async () => {
    const place = await database()
    const keys = ['first', 'second'].map(async (schema) => {
      const db = await connectDatabase({ ...place, schema })
      afterUse(() => db.close())
      await createSchema(db)
      await runRevisions(db)
      return tryLock(db, 'HNSW index 1')
    })
    for (const lock of await Promise.all(keys)) {
      expect(lock).not.toBeNull()
      await lock?.release()
    }
  })
})

describePoolers(
  'a schema of our own',
  (mode, url) => {
    it('holds everything, where no session keeps its settings', async () => {
      const pooled = await startPooler(url, mode)
      const place = await pooledPlace(serverEngine(url), pooled)
      const direct = { databaseUrl: place.directDatabaseUrl }
      const before = await outside(direct)
      const revector = await open(place, { schema: name })
      await wholeLife(revector, 'Ours')
      await revector.db.close()
      expect(await outside(direct, name)).toEqual(before)
    })
  },
  [{ pool: 'transaction', prepared: true }],
)
