import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeServer, type Engine, temporaryFolder } from '../support/engines.ts'
import { describePoolers, startPooler } from '../support/pooler.ts'
import { type SilentProxy, silentProxy } from '../support/silent-proxy.ts'
import { writeManyFiles } from './corpus.ts'
import { type Running, runCli, startCli } from './run-cli.ts'

/** Far longer than any process here may take: what outlives it waits for the database. */
vi.setConfig({ testTimeout: 120_000 })
/** Nothing but `stopTimeoutMs` ends a wait for the database. */
const patient = { connectTimeoutMs: 1_000_000, statementTimeoutMs: 0, serve: { stopTimeoutMs: 1_500 } }

interface Site {
  readonly dir: string
  readonly proxy: SilentProxy
  /** A process that reaches the database by way of the proxy. */
  start(...args: readonly string[]): Running
}

async function site(databaseUrl: string, direct = databaseUrl): Promise<Site> {
  const dir = await temporaryFolder()
  const config = join(dir, 'revector.json')
  await writeFile(config, JSON.stringify(patient))
  const model = ['models', 'add', 'words', '--dimension', '64', '--provider', 'lexical-hash']
  for (const args of [['db', 'init'], model, ['models', 'use', 'words']]) {
    const { code, stderr } = await runCli(args, { cwd: dir, env: { DATABASE_URL: direct } })
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  }
  const proxy = await silentProxy(databaseUrl)
  const env = { DATABASE_URL: proxy.databaseUrl }
  return { dir, proxy, start: (...args) => startCli([...args, '--config', config], { cwd: dir, env }) }
}

/** Starts it and waits until it listens. */
async function serving(start: Site['start']): Promise<{ readonly running: Running; readonly url: string }> {
  const running = start('serve', '--port', '0', '--json')
  const { stdout } = running.child
  if (stdout === null) throw new Error('it has no standard output')
  const [line] = (await once(createInterface(stdout), 'line')) as [string]
  return { running, url: (JSON.parse(line) as { readonly url: string }).url }
}

const placeOf = async (engine: Engine): Promise<string> =>
  ((await engine.place()) as { readonly databaseUrl: string }).databaseUrl

const someBytes = (proxy: SilentProxy): Promise<void> =>
  expect.poll(() => proxy.swallowed(), { timeout: 60_000 }).toBeGreaterThan(0)

describeServer('a process that is told to stop while its database is silent', (engine) => {
  it('serve: cuts off the searches under way and ends', async () => {
    const { proxy, start } = await site(await placeOf(engine))
    const { running, url } = await serving(start)
    const search = (query: string) =>
      fetch(`${url}/api/v1/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
    expect((await search('owls')).status).toBe(200)
    proxy.swallow()
    const cut = Promise.allSettled(['owls', 'bees', 'ants'].map(search))
    await someBytes(proxy)
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.finished
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining('cut off') })
    expect((await cut).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  })

  it('serve, worker and ingest: end while they open it', async () => {
    const { proxy, dir, start } = await site(await placeOf(engine))
    proxy.swallow()
    const all = [['serve', '--port', '0'], ['worker'], ['ingest', dir]].map((args) => start(...args))
    await expect.poll(() => proxy.open(), { timeout: 60_000 }).toBe(all.length)
    for (const { child } of all) child.kill('SIGTERM')
    for (const { finished } of all) {
      expect(await finished).toMatchObject({ code: 130, stderr: expect.stringContaining('Interrupted') })
    }
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ingest, %s: what was stored is kept', async (signal) => {
    const { proxy, dir, start } = await site(await placeOf(engine))
    const ingest = start('ingest', writeManyFiles(dir, 300), '--verbose')
    await ingest.sees(/note-\d+\.md: added/)
    proxy.swallow()
    await someBytes(proxy)
    ingest.child.kill(signal)
    const { code, stderr } = await ingest.finished
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining('kept') })
  })

  it('worker and migrate run: end', async () => {
    const databaseUrl = await placeOf(engine)
    const { proxy, dir, start } = await site(databaseUrl)
    await start('ingest', writeManyFiles(dir, 40)).finished
    const worker = start('worker')
    await worker.sees(/Waiting for work/)
    proxy.swallow()
    await someBytes(proxy)
    worker.child.kill('SIGTERM')
    expect(await worker.finished).toMatchObject({ code: 130 })

    // It waits for a batch when the database becomes silent.
    const admin = new pg.Client({ connectionString: databaseUrl })
    await admin.connect()
    onTestFinished(() => admin.end())
    await admin.query('begin; lock table migration_batches in exclusive mode')
    const waits = `select from pg_locks where relation = 'migration_batches'::regclass and not granted`
    proxy.recover()
    const run = start('migrate', 'run', '--from', 'words', '--to', 'lexical-hash-256')
    await expect.poll(async () => (await admin.query(waits)).rowCount, { timeout: 60_000 }).toBe(1)
    proxy.swallow()
    await admin.query('rollback')
    run.child.kill('SIGTERM')
    expect(await run.finished).toMatchObject({ code: 130 })
  })
})

describePoolers('a service that is told to stop behind a pooler whose server is silent', (mode, url) => {
  it('ends', async () => {
    const proxy = await silentProxy(url)
    const pooled = await startPooler(proxy.databaseUrl, mode)
    const { start } = await site(pooled(url), url)
    const { running, url: service } = await serving(start)
    proxy.swallow()
    const cut = fetch(`${service}/api/v1/documents`).catch(() => 'cut off')
    await someBytes(proxy)
    running.child.kill('SIGTERM')
    expect(await running.finished).toMatchObject({ code: 130 })
    expect(await cut).toBe('cut off')
  })
})
