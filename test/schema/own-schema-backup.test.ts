import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer, temporaryFolder } from '../support/engines.ts'
import { space } from '../support/models.ts'

vi.setConfig({ testTimeout: 120_000 })

const odd = 'Rev "vector", $1'

describeServer('backup and restore of one schema', (engine) => {
  async function database(): Promise<string> {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    return place.databaseUrl
  }

  async function run(databaseUrl: string, statements: string): Promise<readonly object[]> {
    const db = await connectDatabase({ databaseUrl })
    try {
      return (await db.query(raw(statements))).rows
    } finally {
      await db.close()
    }
  }

  async function open(databaseUrl: string, schema?: string): Promise<Revector> {
    const revector = await createRevector({ databaseUrl, schema, logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    return revector
  }

  async function withDocument(
    databaseUrl: string,
    schema: string | undefined,
    title: string,
  ): Promise<Revector> {
    const revector = await open(databaseUrl, schema)
    await revector.db.initialize()
    await revector.models.add(space('narrow', 64))
    await revector.models.use('narrow')
    await revector.ingestion.ingestDocument({ title, content: `${title} hunt at night.` })
    return revector
  }

  async function titles(revector: Revector): Promise<readonly string[]> {
    return (await revector.documents.list()).documents.map(({ title }) => title).sort()
  }

  it.each([
    [odd, 'b.dump'],
    [odd, 'b.sql'],
    ['public', 'b.dump'],
  ])('replaces %s and nothing else: %s', async (schema, name) => {
    const databaseUrl = await database()
    const other = schema === 'public' ? 'other' : undefined
    const ours = await withDocument(databaseUrl, schema, 'Owls')
    const theirs = await withDocument(databaseUrl, other, 'Bats')
    const file = join(await temporaryFolder(), name)
    const written = await ours.db.backup(file)
    expect(new Set(written.tables.map((table) => table.name.split('.')[0]))).toEqual(new Set([schema]))

    await ours.ingestion.ingestDocument({ title: 'Late', content: 'Not in the backup.' })
    await theirs.ingestion.ingestDocument({ title: 'Late bats', content: 'Not in any backup.' })
    await expect(ours.db.restore(file)).rejects.toMatchObject({
      code: 'CONSENT_MISSING',
      message: expect.stringContaining(`The schema ${JSON.stringify(schema)} is not empty`),
    })
    expect(await ours.db.restore(file, { force: true })).toMatchObject({
      verified: true,
      tables: written.tables,
    })
    expect(await titles(ours)).toEqual(['Owls'])
    expect((await ours.retriever.search({ query: 'owls' })).hits).toMatchObject([{ title: 'Owls' }])
    expect(await titles(theirs)).toEqual(['Bats', 'Late bats'])

    // Into another database, where the schema is missing or empty.
    const elsewhere = await database()
    await run(elsewhere, 'create table documents_of_others (id int); create schema other')
    const again = await open(elsewhere, schema)
    if (schema === 'public') await run(elsewhere, 'alter table documents_of_others set schema other')
    expect(await again.db.restore(file)).toMatchObject({ verified: true })
    expect(await titles(again)).toEqual(['Owls'])
    if (schema === 'public') await run(elsewhere, 'alter table other.documents_of_others set schema public')
    expect(await run(elsewhere, 'select * from documents_of_others')).toEqual([])
  })

  it('is refused where more or less would be replaced than was saved', async () => {
    const databaseUrl = await database()
    const folder = await temporaryFolder()
    const ours = await withDocument(databaseUrl, 'ours', 'Owls')
    const everything = await open(databaseUrl)
    await ours.db.backup(join(folder, 'ours.dump'))
    await everything.db.backup(join(folder, 'everything.dump'))
    await expect(everything.db.restore(join(folder, 'ours.dump'), { force: true })).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('is a backup of the schema "ours", not of everything in a database'),
      hint: expect.stringContaining('--schema "ours"'),
    })
    await expect(ours.db.restore(join(folder, 'everything.dump'), { force: true })).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('is a backup of everything in a database'),
    })
    const third = await open(databaseUrl, 'third')
    await expect(third.db.restore(join(folder, 'ours.dump'))).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    expect(await titles(ours)).toEqual(['Owls'])
  })

  it.each([
    ['view', 'create view mine as select title from ours.documents', 'the view mine depends on'],
    [
      'foreign key',
      'create table mine (document bigint constraint "of doc" references ours.documents)',
      'the foreign key "of doc" of mine depends on',
    ],
  ])('is refused while a %s of an application depends on it', async (_, statement, why) => {
    const databaseUrl = await database()
    const ours = await withDocument(databaseUrl, 'ours', 'Owls')
    const file = join(await temporaryFolder(), 'b.dump')
    await ours.db.backup(file)
    await run(databaseUrl, statement)
    await expect(ours.db.restore(file, { force: true })).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining(why),
    })
    expect(await run(databaseUrl, 'select * from mine')).toBeDefined()
    expect(await titles(ours)).toEqual(['Owls'])
  })

  it.each(['ours', undefined])(
    'default privileges of the database give nothing on what comes back: %s',
    async (schema) => {
      const databaseUrl = await database()
      const anon = `anon_${randomUUID().replaceAll('-', '')}`
      await run(databaseUrl, `create role ${anon}`)
      afterUse(async () => {
        await run(databaseUrl, `drop owned by ${anon}; drop role ${anon}`)
      })
      await run(
        databaseUrl,
        `alter default privileges grant all on tables to ${anon} with grant option;
       alter default privileges grant usage on schemas to ${anon};
       alter default privileges in schema public grant all on tables to ${anon}, public;
       alter default privileges in schema public grant usage on sequences to ${anon}`,
      )
      const rights = `select n.nspname, c.relname, c.relkind, c.relacl::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('ours', 'public') and c.relkind in ('r', 'p', 'S') order by 1, 2`
      const schemas = `select nspname, nspacl::text from pg_namespace where nspname in ('ours', 'public') order by 1`
      const defaults =
        'select defaclobjtype, defaclnamespace::regnamespace::text as schema, defaclacl::text from pg_default_acl order by 1, 2'
      const ours = await withDocument(databaseUrl, schema, 'Owls')
      await run(databaseUrl, `grant select on ${schema ?? 'public'}.documents to ${anon}`)
      const before = [
        await run(databaseUrl, rights),
        await run(databaseUrl, schemas),
        await run(databaseUrl, defaults),
      ]
      expect(JSON.stringify(before[0]).split(anon)).toHaveLength(2)
      const file = join(await temporaryFolder(), 'b.dump')
      await ours.db.backup(file)
      await ours.db.restore(file, { force: true })
      const withRights = (rows: readonly object[]) => JSON.stringify(rows).split(anon).length - 1
      expect(withRights(await run(databaseUrl, rights))).toBe(1)
      expect(await run(databaseUrl, schemas)).toEqual(before[1])
      expect(await run(databaseUrl, defaults)).toEqual(before[2])
    },
  )
})
