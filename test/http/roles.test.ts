import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { optionsSchema } from '../../src/config/config.ts'
import { createRevector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { fillLibrary, openApp, serveOptions } from './support/service.ts'

describeServer('keys that read as a role', (engine) => {
  async function open() {
    const place = await engine.place()
    const revector = await createRevector({ ...place, logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    await fillLibrary(revector)
    await revector.ingestion.ingestDocuments(
      ['a', 'a', 'b'].map((tenant, n) => ({
        title: `Plan of ${tenant}`,
        source: `${tenant}:${n}`,
        content: `The secret plan of ${tenant} is about owls, number ${n}.`,
        metadata: { tenant },
      })),
    )
    const role = `tenant_${randomUUID().replaceAll('-', '')}`
    const run = async (statements: string): Promise<void> => {
      const db = await connectDatabase(place)
      await db.query(raw(statements)).finally(() => db.close())
    }
    await run(`
      create role ${role};
      alter table documents enable row level security;
      create policy own on documents using (metadata ->> 'tenant' = coalesce(
        nullif(current_setting('app.tenant', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tenant'))`)
    afterUse(() => run(`drop owned by ${role}; drop role ${role}`))
    const { role: report } = await revector.doctor({ probe: false, role })
    const grants = report?.works.find(({ work }) => work === 'search-as')?.grants ?? []
    await run(grants.map(({ statement }) => statement).join('; '))

    const app = await openApp(revector, {
      options: serveOptions({
        roles: {
          keys: { 'tenant a': { role, settings: { 'app.tenant': 'a' } } },
          header: { name: 'x-claims', keys: ['proxy'], role },
        },
      }),
    })
    onTestFinished(() => app.close())
    const keys = new Map<string, string>()
    for (const name of ['tenant a', 'proxy', 'whole']) {
      keys.set(name, (await revector.keys.create({ name, scope: 'admin' })).secret)
    }
    const ask = (
      key: string | null,
      url: string,
      given: { body?: object; headers?: object; method?: 'POST' | 'GET' } = {},
    ) =>
      app.inject({
        method: given.method ?? (given.body === undefined ? 'GET' : 'POST'),
        url,
        ...(given.body === undefined ? {} : { payload: given.body }),
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${keys.get(key)}` }),
          ...given.headers,
        },
      })
    return { ask, revector }
  }

  const claims = (tenant: string) => ({ headers: { 'x-claims': JSON.stringify({ tenant }) } })

  it('search, ask and read what their role sees', async () => {
    const { ask, revector } = await open()
    const body = { query: 'the secret plan of b about owls', top_k: 10 }
    const titles = async (key: string, headers: object = {}) => {
      const reply = await ask(key, '/api/v1/search', { body, headers })
      expect(reply.statusCode).toBe(200)
      return reply.json().hits.map(({ title }: { title: string }) => title)
    }
    expect(await titles('tenant a')).toEqual(['Plan of a', 'Plan of a'])
    // Who does not hold the proxy's key decides nothing by its header.
    expect(await titles('tenant a', claims('b').headers)).toEqual(['Plan of a', 'Plan of a'])
    expect(await titles('proxy', claims('b').headers)).toEqual(['Plan of b'])
    expect(await titles('proxy', claims('a').headers)).toEqual(['Plan of a', 'Plan of a'])
    expect(await titles('whole', claims('a').headers)).toHaveLength(3)

    const listed = await ask('proxy', '/api/v1/documents', claims('b'))
    expect(listed.json().documents).toMatchObject([{ title: 'Plan of b' }])
    const [ofA] = (await revector.documents.list({ query: 'a:0' })).documents
    for (const path of ['', '/embeddings']) {
      const url = `/api/v1/documents/${ofA?.id}${path}`
      expect((await ask('proxy', url, claims('b'))).statusCode).toBe(404)
      expect((await ask('proxy', url, claims('a'))).statusCode).toBe(200)
    }
    const answer = await ask('tenant a', '/api/v1/query', {
      body: { query: 'What is the secret plan about?' },
    })
    expect(answer.json().citations.length).toBeGreaterThan(0)
    expect(answer.body).not.toContain('of b')
  })

  it('may do nothing else, whatever their scope', async () => {
    const { ask } = await open()
    for (const [method, url] of [
      ['GET', '/api/v1/models'],
      ['GET', '/api/v1/models/search'],
      ['GET', '/api/v1/migrations'],
      ['GET', '/api/v1/status'],
      ['POST', '/api/v1/documents'],
      ['POST', '/mcp'],
    ] as const) {
      const given = method === 'POST' ? { body: { title: 'x', content: 'y' } } : { method }
      const refused = await ask('tenant a', url, given)
      expect([url, refused.statusCode, refused.json().code]).toEqual([url, 403, 'FORBIDDEN'])
    }
    const body = { query: 'owls' }
    expect((await ask('tenant a', '/api/v1/search', { body: { ...body, explain: true } })).statusCode).toBe(
      422,
    )
    expect((await ask('tenant a', '/api/v1/search', { body: { ...body, serve: 'both' } })).statusCode).toBe(
      422,
    )
    expect(
      (await ask('tenant a', '/api/v1/search', { body: { ...body, as: { role: 'postgres' } } })).statusCode,
    ).toBe(422)
  })

  it('of a proxy are refused without its header, and no request without a key is read', async () => {
    const { ask } = await open()
    const body = { query: 'owls' }
    for (const headers of [{}, { 'x-claims': '' }]) {
      const refused = await ask('proxy', '/api/v1/search', { body, headers })
      expect([refused.statusCode, refused.json().code]).toEqual([403, 'FORBIDDEN'])
    }
    const broken = await ask('proxy', '/api/v1/search', { body, headers: { 'x-claims': 'no json' } })
    expect(broken.statusCode).toBeGreaterThanOrEqual(400)
    expect(broken.body).not.toContain('Plan')
    expect((await ask(null, '/api/v1/search', { body, ...claims('a') })).statusCode).toBe(401)
  })
})

it('roles that cannot hold are refused when the service starts', () => {
  const wrong: object[] = [
    { keys: { a: {} } },
    { keys: { a: { role: 'x', settings: { search_path: 'public' } } } },
    { header: { name: 'authorization', keys: ['proxy'], role: 'x' } },
    { header: { name: 'X-Claims', keys: ['proxy'], role: 'x' } },
    { header: { name: 'x-claims', keys: [], role: 'x' } },
    { header: { name: 'x-claims', keys: ['proxy'], role: 'x', setting: 'role' } },
    { keys: { proxy: { role: 'x' } }, header: { name: 'x-claims', keys: ['proxy'], role: 'x' } },
  ]
  for (const roles of wrong) expect(optionsSchema.safeParse({ serve: { roles } }).success).toBe(false)
  const right = { header: { name: 'x-claims', keys: ['proxy'], role: 'x' } }
  expect(optionsSchema.parse({ serve: { roles: right } }).serve.roles).toMatchObject({
    keys: {},
    header: { setting: 'request.jwt.claims' },
  })
})
