import { once } from 'node:events'
import { expect, it, vi } from 'vitest'
import { describeServer, temporaryFolder } from '../support/engines.ts'
import { writeCorpus } from './corpus.ts'
import { type Finished, type Running, runCli, startCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 240_000 })

const [from, to] = ['lexical-hash-256', 'lexical-hash-384']

// With --json, and on the embedded engine, test/cli/guide.test.ts holds it: its commands with --json are quiet ones.
describeServer('with --quiet', (engine) => {
  async function corpus() {
    const cwd = await temporaryFolder()
    const place = await engine.place()
    // Log lines too are left out, however much of them is asked for.
    const env = { REVECTOR_LOG_LEVEL: 'info', DATABASE_URL: 'databaseUrl' in place ? place.databaseUrl : '' }
    const start = (...args: readonly string[]): Running => startCli([...args, '--quiet'], { cwd, env })
    const run = async (...args: readonly string[]): Promise<Finished> => {
      const finished = await runCli([...args, '--quiet', '--yes'], { cwd, env })
      expect({ args, code: finished.code, stderr: finished.stderr }).toEqual({ args, code: 0, stderr: '' })
      return finished
    }
    return { docs: writeCorpus(cwd), start, run }
  }

  it('a command says nothing on standard error', async () => {
    const { docs, run } = await corpus()
    await run('db', 'status')
    await run('db', 'init')
    await run('db', 'run')
    await run('db', 'setup-models')
    await run('models', 'use', from)
    await run('ingest', docs)
    await run('search', 'horse hair of a bow')
    await run('ask', 'What pulls the ocean?')
    await run('documents', 'list')
    const [{ id }, { id: other }] = (await run('documents', 'list', '--json')).json().documents
    await run('documents', 'show', id)
    await run('documents', 'embeddings', id)
    await run('documents', 'reembed', id, '--model', from)
    await run('documents', 'remove', other)
    await run('models', 'add', to)
    await run('models', 'list')
    await run('models', 'list')
    await run('migrate', 'list')
    await run('keys', 'list')
    await run('audit')
    await run('completion', 'bash')
  })

  it('a service that waits for an upgrade, and is told to end, says nothing either', async () => {
    const { start } = await corpus()
    const serve = start('serve', '--port', '0')
    await once(serve.child.stdout ?? serve.child, 'data')
    serve.child.kill('SIGTERM')
    expect(await serve.finished).toMatchObject({ code: 0, stderr: '' })
  })
})
