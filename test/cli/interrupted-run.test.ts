import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { describeEngines } from '../support/engines.ts'
import { type FakeProvider, fakeProvider } from '../support/providers/server.ts'
import { writeManyFiles } from './corpus.ts'
import { runCli, startCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 120_000 })

const [from, to, batchItems] = ['lexical-hash-256', 'remote', 4]
/** Full requests that the plan's probe makes of its 16 texts. */
const probed = 16 / batchItems

let dir: string
let docs: string
let config: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'revector-interrupted-'))
  docs = writeManyFiles(dir, 20)
  config = join(dir, 'revector.json')
  // One small batch after another.
  writeFileSync(config, JSON.stringify({ modelLimits: { [to]: { batchItems, concurrency: 1 } } }))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describeEngines('Ctrl-C in a migration that runs', (engine) => {
  const run = ['migrate', 'run', '--from', from, '--to', to, '--verbose']

  async function corpus() {
    const place = await engine.place()
    const provider = await fakeProvider('openai-compatible', 24)
    const env: Record<string, string> = {
      ...('dataDir' in place ? { REVECTOR_DATA_DIR: place.dataDir } : { DATABASE_URL: place.databaseUrl }),
      OPENAI_COMPATIBLE_API_KEY: 'test',
    }
    const cli = (...args: readonly string[]) => runCli([...args, '--config', config], { cwd: dir, env })
    for (const command of [
      ['db', 'init'],
      ['models', 'use', from],
      ['ingest', docs],
      [
        'models',
        'add',
        to,
        '--dimension',
        '24',
        '--provider',
        'openai-compatible',
        '--base-url',
        provider.url,
      ],
    ]) {
      const { code, stderr } = await cli(...command)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    }
    const status = async () => (await cli('migrate', 'status', '--json')).json()
    return { provider, cli, status, start: () => startCli([...run, '--config', config], { cwd: dir, env }) }
  }

  const isFull = ({ texts }: FakeProvider['requests'][number]) => texts.length === batchItems

  /** Resolves when the provider has been asked for so many batches of the fill. */
  async function batches(provider: FakeProvider, count: number): Promise<void> {
    const full = () => provider.requests.filter(isFull).length
    while (full() < probed + count) await provider.requested()
  }

  it('lets the batch in hand be stored; run again it goes on, and pays for nothing twice', async () => {
    const { provider, cli, status, start } = await corpus()
    let answer = () => {}
    const after = new Promise<void>((resolve) => {
      answer = resolve
    })
    const running = start()
    await batches(provider, 1)
    provider.failAlways({ after })
    await batches(provider, 2)
    running.child.kill('SIGINT')
    await running.sees(/Stopping after the current batch/)
    provider.failAlways('none')
    answer()
    const stopped = await running.finished
    expect(stopped).toMatchObject({ code: 130, stdout: '' })
    const before = await status()
    expect(before).toMatchObject({ state: 'filling', workers: [] })
    expect(before.done_chunks).toBeGreaterThan(0)
    expect(before.done_chunks).toBeLessThan(before.total_chunks)

    const asked = provider.requests.length
    const { code } = await cli(...run)
    expect(code).toBe(0)
    const done = await status()
    expect(done).toMatchObject({
      state: 'cut_over',
      embedded: done.total_chunks,
      done_chunks: done.total_chunks,
    })
    // What the first one was given is stored; what comes after the rest is the verification's sample.
    const textsOf = (requests: FakeProvider['requests']) => requests.flatMap(({ texts }) => texts)
    const first = textsOf(provider.requests.slice(0, asked).filter(isFull).slice(probed))
    const rest = textsOf(provider.requests.slice(asked)).slice(0, before.total_chunks - before.done_chunks)
    expect(first).toHaveLength(before.done_chunks)
    expect(new Set([...first, ...rest]).size).toBe(before.total_chunks)
  })

  it('a second time ends at once: what was in hand is embedded again, and nothing else', async () => {
    const { provider, cli, status, start } = await corpus()
    const first = start()
    await batches(provider, 1)
    provider.failAlways('hang')
    await batches(provider, 2)
    first.child.kill('SIGINT')
    await first.sees(/Stopping after the current batch/)
    first.child.kill('SIGINT')
    expect((await first.finished).code).toBe(130)
    provider.failAlways('none')
    const before = await status()
    expect(before.state).toBe('filling')
    expect((await cli(...run)).code).toBe(0)
    const done = await status()
    expect(done).toMatchObject({
      state: 'cut_over',
      embedded: done.total_chunks,
      done_chunks: done.total_chunks,
    })
  })
})
