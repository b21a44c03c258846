import { expect, it } from 'vitest'
import { specFor } from '../../src/embedding/catalogue.ts'
import type { ModelLimits } from '../../src/embedding/contract.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { hashText } from '../../src/embedding/providers/lexical-hash.ts'
import { type Clock, systemClock } from '../../src/hosted/clock.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { resumeMigration } from '../../src/migrate/pause.ts'
import { addModel } from '../../src/models/registry.ts'
import { sql } from '../../src/postgres/sql.ts'
import { readVectors } from '../../src/store/embeddings.ts'
import { blockRate, takeFromRate } from '../../src/store/provider-rates.ts'
import { quarantinedChunks } from '../../src/store/quarantine.ts'
import type { Model } from '../../src/wire/model.ts'
import { type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines, type Engine } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { beginFill, quick, stateOf, texts } from '../support/fills.ts'
import { type FakeProvider, type Fault, fakeProvider } from '../support/providers/server.ts'

const dimension = 24

interface Remote {
  readonly corpus: TestCorpus
  readonly provider: FakeProvider
  readonly target: Model
  /** Parts of one worker: each has its own connections to the provider, and its own sense of time. */
  worker(clock?: Clock): Parameters<typeof work>[0]
}

/** A corpus, and a target that is asked over HTTP. */
async function remote(engine: Engine, limits: Partial<ModelLimits> = {}): Promise<Remote> {
  const corpus = await testCorpus(await engine.connect())
  const provider = await fakeProvider('openai-compatible', dimension)
  const spec = specFor('remote', { dimension, provider: 'openai-compatible', baseUrl: provider.url })
  const target = await addModel(corpus, spec)
  const { db } = corpus
  const sharedRates = {
    take: (key: string, tokens: number, rates: Parameters<typeof takeFromRate>[3]) =>
      takeFromRate(db, key, tokens, rates),
    block: (key: string, ms: number) => blockRate(db, key, ms),
  }
  return {
    corpus,
    provider,
    target,
    worker: (clock = fakeClock()) => {
      const opened = openEmbeddingModel(
        target,
        {
          keys: {},
          localModelPath: null,
          cacheDir: '',
          limits: { remote: { batchItems: 16, requestTimeoutMs: 3_000, ...limits } },
          ...(clock === systemClock ? { sharedRates } : {}),
        },
        { clock, random: () => 0.5 },
      )
      return { ...corpus, pace: quick, clock, models: { open: () => opened } }
    },
  }
}

async function expectRight({ corpus, target }: Remote, quarantined = 0): Promise<void> {
  const { rows } = await corpus.db.query<{ id: string; content: string }>(
    sql`select id::text as id, content from chunks`,
  )
  const ids = rows.map((row) => row.id)
  const stored = await readVectors(corpus.db, corpus.layout, target, ids)
  expect(stored.size).toBe(rows.length - quarantined)
  for (const { id, content } of rows) {
    const vector = stored.get(id)
    if (vector !== undefined) expect([...vector]).toEqual([...hashText(content, dimension)])
  }
  const { rows: counted } = await corpus.db.query(
    sql`select count(*)::int as n from chunk_embeddings where model_id = ${target.id}`,
  )
  expect(counted).toEqual([{ n: rows.length - quarantined }])
  expect(await quarantinedChunks(corpus.db, corpus.layout, target.id, { limit: 1_000 })).toHaveLength(
    quarantined,
  )
}

describeEngines('a provider that misbehaves', (engine) => {
  it('loses, doubles and spoils nothing', async () => {
    const all = await remote(engine)
    const { corpus, provider, target } = all
    await writeLines(corpus, 'a.md', texts(400))
    const migration = await beginFill(corpus, { target })
    const faults: Fault[] = [
      { status: 429, headers: { 'retry-after': '2' } },
      { status: 500 },
      'short',
      'reordered',
      'null',
      'truncated',
      'zero',
      'long',
      { status: 503 },
      'hang',
      'duplicated',
      'too-large',
      'reset',
      'reset-in-reply',
      'not-json',
      'wrong-width',
      { status: 401 },
    ]
    // Good replies between them, so that they meet batches at all stages.
    for (const fault of faults) provider.fail(fault, 'none')
    let pauses = 0
    for (;;) {
      await Promise.all([work(all.worker(), { once: true }), work(all.worker(), { once: true })])
      const { state, error } = await stateOf(corpus, migration)
      if (state !== 'paused') break
      expect(error?.by).toBe('provider')
      pauses += 1
      await resumeMigration(corpus, { migrationId: migration.id })
    }
    // A wrong width and a refused key are for somebody to look at (two workers may meet them at once); all else passes.
    expect([1, 2]).toContain(pauses)
    expect(await stateOf(corpus, migration)).toMatchObject({ embedded: 400, reused: 0 })
    await expectRight(all)
  })

  it('that cannot embed some texts gets the others from it, however many these are', async () => {
    const all = await remote(engine)
    const { corpus, provider, target } = all
    const bad = [...texts(20, 'refused'), ...texts(3, 'zeros'), ...texts(3, 'nulls')]
    await writeLines(corpus, 'a.md', [...texts(40), ...bad])
    provider.poison('refused')
    provider.poison('zeros', 'zero')
    provider.poison('nulls', 'null')
    const migration = await beginFill(corpus, { target })
    await work(all.worker(), { once: true })
    expect((await stateOf(corpus, migration)).embedded).toBe(40)
    await expectRight(all, 26)
  })

  it('that asks to wait is waited for by all workers', async () => {
    const all = await remote(engine, { concurrency: 1 })
    const { corpus, provider, target } = all
    await writeLines(corpus, 'a.md', texts(96))
    await beginFill(corpus, { target })
    provider.fail('none', 'none', { status: 429, headers: { 'retry-after-ms': '3000' } })
    const workers = [
      work(all.worker(systemClock), { once: true }),
      work(all.worker(systemClock), { once: true }),
    ]
    const arrivals: number[] = []
    while (arrivals.length < 6) {
      await provider.requested()
      arrivals.push(performance.now())
    }
    await Promise.all(workers)
    await expectRight(all)
    // Whoever was on the way when it came, nobody began anew before the time was over.
    const gaps = arrivals.map((at, i) => at - (arrivals[i - 1] ?? at))
    expect(Math.max(...gaps)).toBeGreaterThan(1_500)
    const { rows } = await corpus.db.query(
      sql`select key from provider_rates where blocked_until is not null`,
    )
    expect(rows).toHaveLength(1)
  })
})
