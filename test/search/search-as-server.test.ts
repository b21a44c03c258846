import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { createRevector, type Revector, type SearchAs } from '../../src/index.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer, type Engine, serverEngine } from '../support/engines.ts'
import { describePoolers, pooledPlace, startPooler } from '../support/pooler.ts'

const policies = `
  alter table documents enable row level security;
  create policy own on documents using (metadata ->> 'tenant' = current_setting('app.tenant', true))`

async function run(databaseUrl: string, statements: string): Promise<void> {
  const db = await connectDatabase({ databaseUrl })
  await db.query(raw(statements)).finally(() => db.close())
}

async function start(databaseUrl: string): Promise<Revector> {
  const revector = await createRevector({ databaseUrl, logLevel: 'silent', poolSize: 2 })
  onTestFinished(() => revector.db.close())
  return revector
}

const grantsOf = async (revector: Revector, role: string, work: string): Promise<string> => {
  const { role: report } = await revector.doctor({ probe: false, role })
  const grants = report?.works.find((one) => one.work === work)?.grants ?? []
  return grants.map(({ statement }) => statement).join('; ')
}

/** Two tenants, a role for both, and a user of the service that owns nothing. */
async function house(engine: Engine) {
  const place = await engine.readyPlace()
  if (!('databaseUrl' in place)) throw new Error('not a server')
  const { databaseUrl } = place
  const [tenant, service] = ['tenant', 'service'].map((one) => `${one}_${randomUUID().replaceAll('-', '')}`)
  const owner = await start(databaseUrl)
  await owner.db.initialize()
  await owner.models.use('lexical-hash-256', { force: true })
  await owner.ingestion.ingestDocuments(
    ['a', 'b'].map((of) => ({ title: `Of ${of}`, content: `Owls of ${of}.`, metadata: { tenant: of } })),
  )
  await run(databaseUrl, `create role ${tenant}; create role ${service} login password 'secret'; ${policies}`)
  afterUse(() => run(databaseUrl, `drop owned by ${tenant}, ${service}; drop role ${tenant}, ${service}`))
  await run(databaseUrl, await grantsOf(owner, tenant ?? '', 'search-as'))
  await run(databaseUrl, await grantsOf(owner, service ?? '', 'service'))
  const url = new URL(databaseUrl)
  url.username = service ?? ''
  url.password = 'secret'
  const as = (of: string): SearchAs => ({ role: tenant ?? '', settings: { 'app.tenant': of } })
  return { databaseUrl, service: url.href, names: { tenant, service }, as }
}

const titles = async (revector: Revector, as: SearchAs): Promise<string[]> =>
  (await revector.retriever.search({ query: 'owls', as })).hits.map(({ title }) => title)

describeServer('a service that searches as a role', (engine) => {
  it('must be a member of it, and need not see the rows itself', async () => {
    const { databaseUrl, service, names, as } = await house(engine)
    const revector = await start(service)
    await expect(titles(revector, as('a'))).rejects.toMatchObject({
      code: 'ROLE_UNAVAILABLE',
      message: `The user of this connection may not become the role "${names.tenant}".`,
    })
    await run(databaseUrl, `grant ${names.tenant} to ${names.service}`)
    expect(await titles(revector, as('a'))).toEqual(['Of a'])
    expect(await titles(revector, as('b'))).toEqual(['Of b'])
  })
})

describePoolers('searching as a role', (mode, url) => {
  it('leaves nothing of it in the backend', async () => {
    const pooled = await startPooler(url, mode)
    const engine = serverEngine(url)
    const place = await pooledPlace({ place: engine.readyPlace }, pooled)
    const { databaseUrl, directDatabaseUrl } = place
    const revector = await createRevector({ databaseUrl, directDatabaseUrl, logLevel: 'silent', poolSize: 2 })
    onTestFinished(() => revector.db.close())
    const role = `tenant_${randomUUID().replaceAll('-', '')}`
    await revector.db.initialize()
    await revector.models.use('lexical-hash-256', { force: true })
    await revector.ingestion.ingestDocuments(
      ['a', 'b'].map((of) => ({ title: `Of ${of}`, content: `Owls of ${of}.`, metadata: { tenant: of } })),
    )
    await run(directDatabaseUrl, `create role ${role}; ${policies}`)
    afterUse(() => run(directDatabaseUrl, `drop owned by ${role}; drop role ${role}`))
    await run(directDatabaseUrl, await grantsOf(revector, role, 'search-as'))
    const as = (of: string): SearchAs => ({ role, settings: { 'app.tenant': of } })
    const found = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        n % 3 === 2
          ? revector.retriever.search({ query: 'owls' }).then(({ hits }) => hits.length)
          : titles(revector, as(n % 3 === 0 ? 'a' : 'b')),
      ),
    )
    expect(found).toEqual(Array.from({ length: 12 }, (_, n) => [['Of a'], ['Of b'], 2][n % 3]))
    expect(await titles(revector, { role })).toEqual([])
  })
})
