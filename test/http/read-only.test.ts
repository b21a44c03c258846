import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startService } from '../../src/http/serve.ts'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { describeServer } from '../support/engines.ts'
import { ownServer } from '../support/own-server.ts'
import { recordingLog } from './open-app.ts'
import { fillLibrary, serveOptions, small } from './support/service.ts'

vi.setConfig({ testTimeout: 120_000 })

/** What a library has before its database takes no more writes. Returns a key. */
async function fill(databaseUrl: string): Promise<string> {
  const revector = await createRevector({ databaseUrl, logLevel: 'silent' })
  try {
    await fillLibrary(revector)
    await revector.ingestion.ingestDocument({ title: 'Owls', content: 'Owls hunt at night.' })
    await revector.ingestion.ingestDocument({ title: 'Bees', content: 'Bees sleep at night.' })
    return (await revector.keys.create({ name: 'a', scope: 'admin' })).secret
  } finally {
    await revector.db.close()
  }
}

async function statement(databaseUrl: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

/** The service on a database that takes no writes. */
async function serve(databaseUrl: string, secret: string) {
  const revector = await createRevector({ databaseUrl, logLevel: 'silent' })
  const { log, lines } = recordingLog()
  const service = await startService({
    revector,
    log,
    redactor: createRedactor(),
    version: '0.0.0-test',
    languageModel: null,
    options: serveOptions({ port: 0 }),
    work: true,
  })
  onTestFinished(async () => {
    await service.stop()
    await revector.db.close()
  })
  async function call(path: string, body?: object): Promise<{ status: number; body: Body }> {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const sent = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(`${service.url}${path}`, sent)
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  return { revector, call, said: () => lines.map(({ message }) => message).join('\n') }
}

interface Body {
  readonly code?: string
  readonly hits?: readonly { readonly title: string }[]
}

const owls = { title: 'More owls', content: 'Owls see well in the dark.' }

async function readsAndRefusesWrites(
  revector: Revector,
  call: Awaited<ReturnType<typeof serve>>['call'],
): Promise<void> {
  expect(await call('/readyz')).toEqual({ status: 200, body: { status: 'ready', read_only: true } })
  expect(await call('/api/v1/status')).toMatchObject({
    status: 200,
    body: { read_only: true, documents: 2, worker: { running: false } },
  })
  const found = await call('/api/v1/search', { query: 'owls hunt' })
  expect(found).toMatchObject({ status: 200, body: { hits: [{ title: 'Owls' }, { title: 'Bees' }] } })
  expect(await call('/api/v1/query', { query: 'When do owls hunt?' })).toMatchObject({ status: 200 })
  expect(await call('/api/v1/documents')).toMatchObject({ status: 200 })
  expect(await call('/api/v1/doctor?probe=true')).toMatchObject({ status: 200 })
  expect(await call('/api/v1/documents', owls)).toMatchObject({
    status: 503,
    body: { code: 'DATABASE_READ_ONLY' },
  })

  expect((await revector.documents.list()).documents).toHaveLength(2)
  expect((await revector.doctor()).checks.filter(({ result }) => result === 'fail')).toEqual([])
  expect(await revector.answers.ask({ query: 'When do owls hunt?' })).toMatchObject({ mode: 'extractive' })
  await expect(revector.ingestion.ingestDocument(owls)).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' })
  await expect(revector.migrations.work({ once: true })).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' })
  // A model of the program's own that is registered already needs no write.
  await revector.models.add({ modelName: small, dimension: 64, provider: 'lexical-hash' })
}

describeServer('a database that takes no writes', (engine) => {
  it('is searched while it is set to read-only', async () => {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const { databaseUrl } = place
    const secret = await fill(databaseUrl)
    const name = new URL(databaseUrl).pathname.slice(1)
    await statement(databaseUrl, `alter database ${name} set default_transaction_read_only = on`)
    const { revector, call } = await serve(databaseUrl, secret)
    await readsAndRefusesWrites(revector, call)
    expect((await revector.keys.list()).map(({ lastUsedAt }) => lastUsedAt)).toEqual([null])
  })

  it('is searched as a standby, and written to once it is the primary', async () => {
    const primary = await ownServer('wal_level = replica\nmax_wal_senders = 4')
    const secret = await fill(primary.databaseUrl)
    const standby = await primary.standby()
    const { revector, call, said } = await serve(standby, secret)
    await readsAndRefusesWrites(revector, call)
    expect(said()).toContain('no worker runs until it does')

    await primary.stop()
    await statement(standby, 'select pg_promote()')
    expect(await call('/api/v1/documents', owls)).toMatchObject({ status: 201 })
    await vi.waitFor(() => expect(said()).toContain('takes writes now'), { timeout: 60_000 })
    expect((await revector.keys.list())[0]?.lastUsedAt).toBeInstanceOf(Date)
  })
})
