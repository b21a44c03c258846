import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { beforeAll, expect, it, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { afterUse, describeServer } from '../support/engines.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const small = { modelName: 'lexical-hash-64', dimension: 64, provider: 'lexical-hash' } as const
const wide = { modelName: 'lexical-hash-384', dimension: 384, provider: 'lexical-hash' } as const

describeServer('rights of roles', (engine, serverUrl) => {
  let databaseUrl: string
  let owner: Revector

  async function run(url: string, ...statements: readonly string[]): Promise<readonly object[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const results = []
      for (const statement of statements) results.push(await client.query(statement))
      return results.at(-1)?.rows ?? []
    } finally {
      await client.end()
    }
  }

  async function role(): Promise<{ readonly name: string; readonly url: string }> {
    const name = `rights_${randomUUID().replaceAll('-', '')}`
    await run(serverUrl, `create role ${name} login password 'secret'`)
    afterUse(async () => {
      await run(databaseUrl, `drop owned by ${name}`).catch(() => {})
      await run(serverUrl, `drop role ${name}`)
    })
    const url = new URL(databaseUrl)
    url.username = name
    url.password = 'secret'
    return { name, url: url.href }
  }

  async function open(url: string): Promise<Revector> {
    const revector = await createRevector({ databaseUrl: url, logLevel: 'silent' })
    afterUse(() => revector.db.close())
    return revector
  }

  /** As `doctor --role` prints them. */
  async function grantsFor(name: string, work: string): Promise<string[]> {
    const { role: report } = await owner.doctor({ probe: false, role: name })
    const found = report?.works.find((one) => one.work === work)
    expect(found?.allowed).toBe(found?.grants.every(({ held }) => held))
    return (found?.grants ?? []).flatMap(({ statement, held }) => (held ? [] : [statement]))
  }

  beforeAll(async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    databaseUrl = place.databaseUrl
    owner = await open(databaseUrl)
    await owner.db.initialize()
    await owner.models.add(small)
    await owner.models.add(wide)
    await owner.models.use(small.modelName, { force: true })
    await owner.ingestion.ingestDocument({ title: 'Owls', content: 'Owls hunt at night.' })
    await run(databaseUrl, 'create table strangers (id int)')
  })

  it('a role without any is told what it lacks; with the grants of doctor it reads, and changes nothing', async () => {
    const { name, url } = await role()
    const reader = await open(url)
    const refused = { code: 'DATABASE_PERMISSION_DENIED', data: { role: name, work: 'read-only' } }
    await expect(reader.retriever.search({ query: 'owls' })).rejects.toMatchObject(refused)
    const grants = await grantsFor(name, 'read-only')
    expect(grants.join()).not.toContain('strangers')
    await run(databaseUrl, ...grants)
    expect(await grantsFor(name, 'read-only')).toEqual([])

    expect(await reader.retriever.search({ query: 'owls hunt' })).toMatchObject({ hits: [{ title: 'Owls' }] })
    expect((await reader.documents.list()).documents).toHaveLength(1)
    expect((await reader.doctor()).checks.filter(({ result }) => result === 'fail')).toEqual([])
    const write = reader.ingestion.ingestDocument({ title: 'Bees', content: 'Bees sleep.' })
    await expect(write).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: { work: 'service', grants: expect.arrayContaining([expect.stringContaining('grant insert')]) },
    })
  })

  it('a service writes and works, but opens no migration that it could not finish', async () => {
    const { name, url } = await role()
    await run(databaseUrl, ...(await grantsFor(name, 'service')))
    const service = await open(url)
    // As many as make a load drop the index of a small table, which only its owner may.
    const content = Array.from({ length: 200 }, (_, i) => `Owl number ${i} hunts at night. `.repeat(40)).join(
      '\n\n',
    )
    await service.ingestion.ingestDocument({ title: 'More owls', content })
    const current = (await service.models.list()).find(({ modelName }) => modelName === small.modelName)
    expect(current).toMatchObject({ coverage: 1, index: { valid: true } })

    const [tables] = await run(
      databaseUrl,
      `select count(*)::int as owned from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
         and relname not in ('documents', 'chunks', 'strangers')`,
    )
    const { owned } = tables as { readonly owned: number }
    const request = { sourceModel: small.modelName, targetModel: wide.modelName }
    await expect(service.migrations.start(request)).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: {
        work: 'owner',
        grants: [
          expect.stringContaining('grant create on schema'),
          // They are a superuser's, and membership in that would give away the server.
          ...Array.from({ length: owned }, () => expect.stringMatching(/^alter table .* owner to/)),
        ],
      },
    })
    expect(await service.migrations.list()).toEqual([])
    for (const change of [
      () => service.models.add({ modelName: 'lexical-hash-32', dimension: 32, provider: 'lexical-hash' }),
      () => service.models.remove(wide.modelName),
      () => service.db.rollback(),
    ]) {
      await expect(change()).rejects.toMatchObject({ data: { work: 'owner' } })
    }

    // It fills what the owner has started; the index is the owner's.
    const { id } = await owner.migrations.start(request)
    const warnings: string[] = []
    const onProgress = (event: { readonly type: string; readonly message?: string }) => {
      if (event.type === 'warning') warnings.push(event.message ?? '')
    }
    await service.migrations.work({ once: true, onProgress })
    expect(await service.migrations.status(id)).toMatchObject({ state: 'indexing' })
    expect(warnings).toEqual([expect.stringContaining('may not build its index')])
    await owner.migrations.work({ once: true })
    await service.migrations.cutOver(id)
    await service.migrations.rollBack(id)
    await expect(service.migrations.cancel(id)).rejects.toMatchObject({ data: { work: 'owner' } })
    await owner.migrations.cancel(id)
  })

  it('an owner needs nothing of a superuser but the extension', async () => {
    const { name, url } = await role()
    const other = (await engine.place()) as { databaseUrl: string }
    const mine = new URL(url)
    mine.pathname = new URL(other.databaseUrl).pathname
    const revector = await open(mine.href)
    await expect(revector.db.initialize()).rejects.toMatchObject({ code: 'EXTENSION_MISSING' })
    await run(other.databaseUrl, 'create schema extensions', 'create extension vector schema extensions')
    const wanted = [
      `grant usage on schema "extensions" to "${name}"`,
      `grant create on schema "public" to "${name}"`,
    ]
    await expect(revector.db.initialize()).rejects.toMatchObject({ data: { work: 'owner', grants: wanted } })
    await run(other.databaseUrl, ...wanted)
    await revector.db.initialize()
    await revector.models.add(small)
    const { revision, latestRevision } = await revector.db.status()
    expect(revision).toBe(latestRevision)
    await revector.db.close()
  })

  it.each(['a superuser', 'another role'] as const)(
    'tables of other names that %s owns are adopted with the grants that were said to be missing, and not before',
    async (owned) => {
      const { name, url } = await role()
      const { name: theirs } = await role()
      const { databaseUrl: legacy } = (await engine.place()) as { readonly databaseUrl: string }
      const tables = ['chunk_embeddings', 'passages', 'articles']
      await run(
        legacy,
        'create extension vector',
        `create table articles (id serial primary key, title text not null);
         create table passages (id serial primary key, article int not null references articles (id), body text not null);
         create table chunk_embeddings (id serial primary key, chunk_id int not null references passages (id),
           embedding vector(64) not null);
         create table documents (secret text); create table chunks (secret text);
         insert into articles (title) values ('Owls');
         insert into passages (article, body) values (1, 'Owls hunt at night.');
         insert into chunk_embeddings (chunk_id, embedding) select 1, array_agg(i)::real[]::vector(64) from generate_series(1, 64) i`,
        ...(owned === 'a superuser' ? [] : tables.map((table) => `alter table ${table} owner to ${theirs}`)),
      )
      const mine = new URL(url)
      mine.pathname = new URL(legacy).pathname
      const revector = await open(mine.href)
      const how = { model: 'lexical-hash-64', documentsTable: 'articles' }
      const grants = [
        `grant create on schema "public" to "${name}"`,
        ...(owned === 'a superuser'
          ? ['articles', 'chunk_embeddings', 'passages'].map(
              (table) => `alter table "public"."${table}" owner to "${name}"`,
            )
          : [`grant "${theirs}" to "${name}"`, `grant create on schema "public" to "${theirs}"`]),
      ]
      const refused = { code: 'DATABASE_PERMISSION_DENIED', data: { work: 'owner', grants } }
      await expect(revector.db.plan(how)).rejects.toMatchObject(refused)
      await expect(revector.db.run(how)).rejects.toMatchObject(refused)
      expect(await run(legacy, `select to_regclass('revector_revisions') as made`)).toEqual([{ made: null }])
      await run(legacy, ...grants)
      const { revision, latestRevision, documents, chunks } = await revector.db.run(how)
      expect({ revision, documents, chunks }).toEqual({ revision: latestRevision, documents: 1, chunks: 1 })
      await revector.db.close()
    },
  )

  it('a schema that may not be used is named', async () => {
    const { name, url } = await role()
    await run(databaseUrl, 'revoke usage on schema public from public', ...(await grantsFor(name, 'service')))
    await run(databaseUrl, `revoke usage on schema public from ${name}`)
    const reader = await open(url)
    await expect(reader.retriever.search({ query: 'owls' })).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
      data: { grants: [`grant usage on schema "public" to "${name}"`] },
    })
    await run(databaseUrl, 'grant usage on schema public to public')
    await expect(owner.doctor({ role: 'no such role' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
