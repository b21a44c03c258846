import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { thisActor } from '../../src/core/actor.ts'
import { describeOneEngine } from '../support/engines.ts'
import { writeManyFiles } from './corpus.ts'
import { runCli, startCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 })

const [from, to] = ['lexical-hash-256', 'lexical-hash-384']

let dir: string
let docs: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'revector-migrate-'))
  docs = writeManyFiles(dir, 30)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

// The runbook (test/docs) is the same story on both engines.
describeOneEngine('model migrations from the command line', (engine) => {
  // One database, one story: each command as a process of its own, in the order of the runbook.
  let env: Record<string, string>
  const cli = (...args: readonly string[]) => runCli(args, { cwd: dir, env })
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  async function json(...args: readonly string[]): Promise<any> {
    const { code, stdout, stderr, json: parse } = await cli(...args, '--json', '--quiet')
    expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stderr: '', stdout: '' })
    return parse()
  }
  // biome-ignore lint/suspicious/noExplicitAny: errors carry data of many shapes
  async function refusal(...args: readonly string[]): Promise<any> {
    const { code, json: parse } = await cli(...args, '--json')
    return { exit: code, ...parse().error }
  }

  beforeAll(async () => {
    const place = await engine.place()
    env = 'dataDir' in place ? { REVECTOR_DATA_DIR: place.dataDir } : { DATABASE_URL: place.databaseUrl }
  })

  it('a plan says what it takes, and writes nothing', async () => {
    await json('models', 'add', to)
    await json('models', 'use', from, '--force')
    await json('ingest', docs, '--model', from)
    const plan = await json('migrate', 'plan', '--to', to, '--price-per-million', '2')
    expect(plan).toMatchObject({
      id: null,
      state: 'planned',
      source_model: from,
      target_model: to,
      total_chunks: 30,
      done_chunks: 0,
      cost_usd_estimate: (plan.tokens * 2) / 1e6,
      price_from: 'request',
    })
    expect(plan.bytes_estimate).toBeGreaterThan(0)
    expect(plan.eta_seconds).toBeGreaterThanOrEqual(0)
    expect((await json('migrate', 'list')).migrations).toEqual([])
    expect(await refusal('migrate', 'status')).toMatchObject({ exit: 2, code: 'MIGRATION_UNKNOWN' })
  })

  it('a plan that could not be started is refused before the target is asked for anything', async () => {
    const same = await cli('migrate', 'start', '--to', from, '--yes')
    expect([same.code, same.stdout]).toEqual([2, ''])
    expect(same.stderr).toMatch(/^error: Source and target are the same model/)
    const other = await refusal('migrate', 'plan', '--from', 'universal-sentence-encoder-lite', '--to', to)
    expect(other).toMatchObject({ exit: 2, code: 'INVALID_INPUT' })
    expect(other.message).toContain('is not the current model')
  })

  it('a start without a yes is refused with 3, and has begun nothing', async () => {
    const { code, stdout, stderr } = await cli('migrate', 'start', '--to', to)
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/chunks +30 to embed/)
    expect(stderr).toContain('hint: Add --yes')
    expect((await json('migrate', 'list')).migrations).toEqual([])
  })

  it('starts with the limits given, and says how far it is', async () => {
    const limits = ['--budget-usd', '3', '--rollback-window', '2d', '--allow-quarantined', '1']
    const status = await json('migrate', 'start', '--to', to, '--yes', ...limits)
    expect(status).toMatchObject({
      id: 1,
      state: 'filling',
      source_model: from,
      target_model: to,
      total_chunks: 30,
      done_chunks: 0,
      quarantined_chunks: 0,
      budget_usd: 3,
      rollback_window_seconds: 172_800,
      allowed_quarantined: 1,
      error: null,
    })
    expect(await json('migrate', 'status')).toMatchObject({ id: 1, state: 'filling', workers: [] })
    expect((await cli('migrate', 'status', '1')).stdout).toMatch(/chunks +0 of 30 \(0\.0 %\)/)
  })

  it('pauses with a reason, and goes on', async () => {
    const paused = await json('migrate', 'pause', '--reason', 'lunch')
    expect(paused).toMatchObject({ state: 'paused', paused_from: 'filling', error: { by: 'operator' } })
    expect((await cli('migrate', 'status', '--watch')).stdout).toContain('lunch')
    expect((await cli('migrate', 'events')).stdout).toMatch(/paused .*reason .*lunch {2}by /)
    expect((await cli('worker', '--once')).stderr).toContain('Migration 1 is paused: ')
    // It would be refused after a yes as well, so none is asked for.
    expect(await refusal('migrate', 'retire')).toMatchObject({ exit: 3, code: 'MIGRATION_STATE' })
    expect(await json('migrate', 'resume', '--budget-usd', '4')).toMatchObject({
      state: 'filling',
      budget_usd: 4,
    })
  })

  it('a search can be told to use what there is of the target', async () => {
    const query = ['search', 'item3', '--top-k', '3']
    const served = await json(...query, '--serve', 'both')
    expect(served.serving).toMatchObject({ asked: 'both', served: 'source', migration_id: '1' })
    expect(served.serving.reason).toMatch(/"lexical-hash-384" has no vectors/)
    expect(await refusal(...query, '--serve', 'target')).toMatchObject({ exit: 3, code: 'MODEL_EMPTY' })
    expect(await json(...query)).not.toHaveProperty('serving')
  })

  it('a worker does the work, and the target is verified', async () => {
    expect(await json('worker', '--once')).toMatchObject({ embedded: 30, quarantined: 0 })
    expect(await json('migrate', 'status')).toMatchObject({
      state: 'ready',
      done_chunks: 30,
      eta_seconds: null,
    })
    const { verification } = await json('migrate', 'verify')
    expect(verification.passed).toBe(true)
    const { stdout } = await cli('migrate', 'verify')
    expect(stdout).toMatch(/^ok +coverage +30 of 30/m)
    expect(stdout).toContain('Verified.')
    expect(await json('migrate', 'quarantine')).toEqual({ quarantine: [] })
    expect(await json('migrate', 'retry')).toMatchObject({ chunks: 0 })
  })

  it('cuts over, back and over again, and lets go of the source', async () => {
    const current = async () => (await json('search', 'item3')).models
    // A retry asks for another verification.
    await json('worker', '--once')
    expect(await json('migrate', 'cutover')).toMatchObject({ state: 'cut_over' })
    expect((await cli('migrate', 'verify')).stdout).toContain('Nothing to switch: the migration is cut over.')
    expect(await current()).toEqual([to])
    expect(await json('migrate', 'rollback')).toMatchObject({ state: 'rolled_back' })
    expect(await current()).toEqual([from])
    const again = await json('migrate', 'run', '--from', from, '--to', to)
    expect(again).toMatchObject({
      ...{ source_model: from, target_model: to, model_name: to, state: 'cut_over' },
      ...{ total_chunks: 30, done_chunks: 30, embedded: 0, reused: 0, present: 30, tokens: 0 },
    })
    expect(await refusal('migrate', 'retire', '--yes')).toMatchObject({ exit: 3, code: 'MIGRATION_STATE' })
    expect((await cli('migrate', 'retire', '--force')).code).toBe(3)
    const retired = await json('migrate', 'retire', '--force', '--yes')
    expect(retired.state).toBe('retired')
    expect(retired.bytes).toBeGreaterThan(0)
    expect(await current()).toEqual([to])
    expect(await refusal('search', 'item3', '--model', from)).toHaveProperty('code')
  })

  it('remembers who did what', async () => {
    const { events } = await json('migrate', 'events', '1')
    const types = events.map((event: { type: string }) => event.type)
    expect(types).toEqual(
      expect.arrayContaining(['started', 'paused', 'resumed', 'batch', 'filled', 'cut_over', 'rolled_back']),
    )
    expect(types[0]).toBe('started')
    expect((await cli('migrate', 'events', '1')).stdout.trim().split('\n')).toHaveLength(events.length)
    const { migrations } = await json('migrate', 'list')
    expect(migrations.map((one: { id: number; state: string }) => [one.id, one.state])).toEqual([
      [2, 'retired'],
      [1, 'rolled_back'],
    ])
  })

  it('the doctor finds nothing to complain of', async () => {
    const { result, checks } = await json('doctor')
    expect(result).not.toBe('fail')
    expect(checks.length).toBeGreaterThan(5)
    expect((await cli('doctor', '--no-probe')).stdout).toMatch(/\d+ checks: .* 0 failures\./)
  })

  it('cancelling leaves the source, and gives the space back', async () => {
    const other = 'lexical-hash-512'
    await json('models', 'add', other)
    await json('migrate', 'start', '--to', other, '--sample', '10', '--yes')
    await json('worker', '--once')
    expect(await json('migrate', 'status')).toMatchObject({
      state: 'ready',
      total_chunks: 10,
      scope: { sample: 10 },
    })
    expect(await refusal('migrate', 'cutover')).toMatchObject({ exit: 3, code: 'GATE_FAILED' })
    const partial = await json('search', 'item3', '--serve', 'target')
    expect(partial).toMatchObject({ models: [other], coverage: { [other]: 10 / 30 } })
    expect((await cli('migrate', 'cancel')).code).toBe(3)
    expect(await json('migrate', 'cancel', '--yes')).toMatchObject({ state: 'cancelled' })
    expect((await json('search', 'item3')).models).toEqual([to])
  })

  it('every change is in the audit, with how it ended; what only looks or asks is not', async () => {
    await refusal('models', 'use', 'unheard-of')
    const [document] = (await json('documents', 'list')).documents
    await json('documents', 'remove', document.id)
    const { entries } = await json('audit', '--limit', '1000')
    type Entry = { action: string; subject: string; status: number }
    const told = entries.map(({ action, subject, status }: Entry) => `${action} ${subject} ${status}`)
    expect(told.reverse()).toEqual([
      `addModel ${to} 200`,
      `useModel ${from} 200`,
      `addDocuments ${docs} 200`,
      `startMigration ${to} 200`,
      'pauseMigration newest 200',
      'retire 1 409',
      'resumeMigration newest 200',
      'verifyMigration newest 200',
      'verifyMigration newest 200',
      'retryMigration newest 200',
      'cutOver newest 200',
      'verifyMigration newest 200',
      'rollBack newest 200',
      `runMigration ${to} 200`,
      'retire 2 409',
      'retire 2 200',
      'addModel lexical-hash-512 200',
      'startMigration lexical-hash-512 200',
      'cutOver newest 409',
      'cancelMigration 3 200',
      'useModel unheard-of 404',
      `removeDocument ${document.id} 200`,
    ])
    expect(new Set(entries.map((entry: { actor: string }) => entry.actor))).toEqual(new Set([thisActor()]))
  })

  it('a worker that waits ends on Ctrl-C with 130', async () => {
    const worker = startCli(['worker'], { cwd: dir, env })
    await worker.sees(/Waiting for work/)
    worker.child.kill('SIGINT')
    const { code, stdout } = await worker.finished
    expect(code).toBe(130)
    expect(stdout).toContain('Done: 0 vectors made')
  })
})
