import { expect, it } from 'vitest'
import { RevectorError } from '../../src/core/errors.ts'
import type { ProgressEvent } from '../../src/core/progress.ts'
import { cancelMigration } from '../../src/migrate/cancel.ts'
import { retryQuarantined } from '../../src/migrate/fill/retry.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { pauseMigration, resumeMigration } from '../../src/migrate/pause.ts'
import { sql } from '../../src/postgres/sql.ts'
import { hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { claimBatch } from '../../src/store/migration-batches.ts'
import { setModelState } from '../../src/store/models.ts'
import { recordPending } from '../../src/store/pending.ts'
import { quarantinedChunks } from '../../src/store/quarantine.ts'
import { testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { beginFill, expectFilled, quick, stateOf, texts, watchFills } from '../support/fills.ts'

const once = { once: true } as const

describeEngines('a worker', (engine) => {
  const fresh = async () => {
    const corpus = await testCorpus(await engine.connect())
    return { ...corpus, pace: quick, asked: watchFills(corpus) }
  }

  it('fills in hashed order, calibration first, each text once, and builds the HNSW index', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', [...texts(500), 'same', 'same'])
    await writeLines(corpus, 'b.md', ['same', 'last'])
    const migration = await beginFill(corpus)
    const events: ProgressEvent[] = []
    const report = await work(corpus, { ...once, onProgress: (event) => events.push(event) })
    expect(report).toMatchObject({ batches: 32, embedded: 502, reused: 2, quarantined: 0 })
    await expectFilled(corpus)
    const { asked } = corpus
    expect(asked).toHaveLength(502)
    expect(new Set(asked).size).toBe(502)
    expect(asked).not.toEqual(asked.toSorted())
    const after = await stateOf(corpus, migration)
    expect(after).toMatchObject({ embedded: 502, reused: 2, totalChunks: 504 })
    // Calibration comes first: of the first 25 batches, and the same at every run.
    expect(after.calibration).toHaveLength(400)
    expect(await hnswIndexOf(corpus.db, corpus.second)).toMatchObject({ valid: true })
    expect(events.filter((event) => event.type === 'index.built')).toHaveLength(1)
    expect(events.findLast((event) => event.type === 'fill.batch')).toMatchObject({
      totalChunks: 504,
      doneChunks: 504,
    })
    const { rows } = await corpus.db.query(sql`
      select type, count(*)::int as n, sum((data->>'chunks')::int)::int as chunks
      from migration_events where type in ('enqueued', 'batch', 'filled', 'indexed') group by type order by type`)
    expect(rows).toEqual([
      { type: 'batch', n: 32, chunks: 504 },
      { type: 'enqueued', n: 1, chunks: 502 },
      { type: 'filled', n: 1, chunks: null },
      { type: 'indexed', n: 1, chunks: null },
    ])
  })

  it('shares with others, and stops when the migration is paused, from wherever', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(400))
    const migration = await beginFill(corpus)
    let asked = 0
    corpus.models.before = async () => {
      asked += 1
      if (asked === 6) await pauseMigration(corpus, { migrationId: migration.id })
    }
    const both = await Promise.all([work(corpus, once), work(corpus, once)])
    expect(await stateOf(corpus, migration)).toMatchObject({
      state: 'paused',
      pausedFrom: 'filling',
      error: { by: 'operator' },
    })
    const before = both.reduce((sum, one) => sum + one.embedded, 0)
    expect(before).toBeGreaterThanOrEqual(6 * 16)
    expect(before).toBeLessThan(400)
    // A worker that comes while it is paused does nothing.
    expect(await work(corpus, once)).toMatchObject({ batches: 0 })
    await resumeMigration(corpus, { migrationId: migration.id })
    const ends: ProgressEvent[] = []
    const onProgress = (event: ProgressEvent) => {
      if (event.type === 'fill.finished') ends.push(event)
    }
    const rest = await Promise.all([
      work(corpus, { ...once, onProgress }),
      work(corpus, { ...once, onProgress }),
    ])
    expect(rest.every((one) => one.batches > 0)).toBe(true)
    expect(before + rest.reduce((sum, one) => sum + one.embedded, 0)).toBe(400)
    expect(corpus.asked).toHaveLength(400)
    // Whoever stored the last batch, both say at the end that nothing is left.
    const done = { type: 'fill.finished', model: 'second', totalChunks: 400, doneChunks: 400 }
    expect(ends).toEqual([done, done])
    await expectFilled(corpus)
    const { rows } = await corpus.db.query(sql`select * from migration_workers`)
    expect(rows).toEqual([])
  })

  it('adopts what a dead one had leased, and keeps nothing of one that was too late', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(64))
    const migration = await beginFill(corpus)
    let stolen = false
    corpus.models.before = async () => {
      if (stolen) return
      stolen = true
      // As if this worker had been asleep for longer than its lease: another takes its batch.
      await corpus.db.query(sql`
        update migration_batches set lease_until = now() - interval '1 second' where state = 'leased'`)
      const dead = '00000000-0000-4000-8000-000000000000'
      const lease = await claimBatch(corpus.db, migration.id, dead, 1)
      expect(lease?.attempts).toBe(2)
    }
    const report = await work(corpus, { ...once, concurrency: 1 })
    expect(report).toMatchObject({ embedded: 64, batches: 4 })
    // One batch was embedded twice, and stored once.
    expect(corpus.asked).toHaveLength(80)
    await expectFilled(corpus)
  })

  it('leases one batch at a time, whatever the plan of the statement', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(64))
    const migration = await beginFill(corpus)
    const stop = new AbortController()
    corpus.models.before = async () => stop.abort()
    await work(corpus, { signal: stop.signal, concurrency: 1 })
    const me = '00000000-0000-4000-8000-000000000000'
    const leased = await corpus.db.transaction(async (tx) => {
      await tx.query(sql`set local enable_hashjoin = off; set local enable_mergejoin = off`)
      await tx.query(sql`set local enable_indexscan = off; set local enable_bitmapscan = off`)
      await claimBatch(tx, migration.id, me, 1_000)
      return tx.query(
        sql`select state, count(*)::int as n from migration_batches group by state order by state`,
      )
    })
    expect(leased.rows).toEqual([
      { state: 'leased', n: 1 },
      { state: 'waiting', n: 2 },
    ])
  })

  it('puts texts that cannot be embedded into quarantine, with their copies, and fills the rest', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', ['poison', 'poison', ...texts(60)])
    await writeLines(corpus, 'b.md', ['poison'])
    corpus.models.poison.add('poison')
    const migration = await beginFill(corpus)
    expect(await work(corpus, once)).toMatchObject({ embedded: 60, quarantined: 3 })
    await expectFilled(corpus, 3)
    const quarantined = await quarantinedChunks(corpus.db, corpus.layout, corpus.second.id, { limit: 10 })
    expect(quarantined).toMatchObject([{ code: 'PROVIDER_REFUSED' }, {}, {}])
    expect(corpus.asked.filter((text) => text === 'poison')).toHaveLength(1)
    expect(await stateOf(corpus, migration)).toMatchObject({ state: 'paused', error: { by: 'gate' } })

    // Mended, and tried again.
    corpus.models.poison.clear()
    const call = { migrationId: migration.id }
    expect(await retryQuarantined(corpus, call)).toMatchObject({
      chunks: 3,
      migration: { pausedFrom: 'filling' },
    })
    await resumeMigration(corpus, call)
    expect(await work(corpus, once)).toMatchObject({ embedded: 1, reused: 2 })
    await expectFilled(corpus)
    expect(await stateOf(corpus, migration)).toMatchObject({ state: 'ready' })
  })

  it('pauses the migration after repeated failures, and at once when the key is refused', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(64))
    const migration = await beginFill(corpus)
    let calls = 0
    corpus.models.before = async () => {
      calls += 1
      throw new RevectorError('PROVIDER_UNAVAILABLE', 'Nobody is at home.', { hint: 'Ring again.' })
    }
    const clock = fakeClock()
    const codes: string[] = []
    await work({ ...corpus, clock }, { ...once, concurrency: 1, onFailure: ({ code }) => codes.push(code) })
    expect(calls).toBe(5)
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'PROVIDER_UNAVAILABLE'))
    expect(clock.waits.filter((ms) => ms >= 500)).toHaveLength(4)
    expect(await stateOf(corpus, migration)).toMatchObject({
      state: 'paused',
      error: { by: 'provider', code: 'PROVIDER_UNAVAILABLE', message: 'Nobody is at home.' },
    })
    corpus.models.before = async () => {
      calls += 1
      throw new RevectorError('PROVIDER_REFUSED', 'Wrong key.', { data: { status: 401 } })
    }
    await resumeMigration(corpus, { migrationId: migration.id })
    await work({ ...corpus, clock }, { ...once, concurrency: 1 })
    expect(calls).toBe(6)
    expect(await stateOf(corpus, migration)).toMatchObject({
      state: 'paused',
      error: { message: 'Wrong key.' },
    })
    corpus.models.before = async () => {}
    await resumeMigration(corpus, { migrationId: migration.id })
    await work(corpus, once)
    await expectFilled(corpus)
  })

  it('pauses before it would spend more than the budget, and goes on with a larger one', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(160))
    const settings = { budgetUsd: 0.0002, pricePerMillionTokens: 1 }
    const migration = await beginFill(corpus, { settings })
    const both = await Promise.all([work(corpus, once), work(corpus, once)])
    const paused = await stateOf(corpus, migration)
    expect(paused).toMatchObject({ state: 'paused', error: { by: 'budget', code: 'BUDGET_EXCEEDED' } })
    expect(paused.costUsd).toBeGreaterThan(0)
    expect(paused.costUsd).toBeLessThanOrEqual(0.0002)
    expect(both[0].tokens + both[1].tokens).toBe(paused.tokens)
    await resumeMigration(corpus, { migrationId: migration.id, budgetUsd: 1 })
    await work(corpus, once)
    await expectFilled(corpus)
  })

  it('finishes what it has in hand when it is told to stop', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(160))
    const migration = await beginFill(corpus)
    const stop = new AbortController()
    corpus.models.before = async () => stop.abort()
    const report = await work(corpus, { signal: stop.signal, concurrency: 2 })
    expect(report.embedded).toBe(corpus.asked.length)
    expect(report.embedded).toBeLessThanOrEqual(32)
    const abort = new AbortController()
    corpus.models.before = async () => abort.abort()
    await expect(work(corpus, { abort: abort.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' })
    // Nothing is left leased.
    const { rows } = await corpus.db.query(sql`select state from migration_batches group by state`)
    expect(rows).toEqual([{ state: 'waiting' }])
    expect((await stateOf(corpus, migration)).state).toBe('filling')
  })

  it('fills a scope, and follows when it grows', async () => {
    const corpus = await fresh()
    const id = await writeLines(corpus, 'a.md', texts(40, 'a'))
    await writeLines(corpus, 'b.md', texts(40, 'b'))
    const migration = await beginFill(corpus, { scope: { documents: [id] } })
    expect(await work(corpus, once)).toMatchObject({ embedded: 40 })
    expect(corpus.asked.every((text) => text.startsWith('a '))).toBe(true)
    await corpus.db.query(
      sql`update model_migrations set scope = '{"sample": 50}', state = 'filling' where id = ${migration.id}`,
    )
    await work(corpus, once)
    const { rows } = await corpus.db.query(
      sql`select count(*)::int as n from chunk_embeddings where model_id = ${corpus.second.id}`,
    )
    expect(Number(rows[0]?.['n'])).toBeGreaterThan(50)
    expect(await stateOf(corpus, migration)).toMatchObject({ totalChunks: 50 })
  })

  it('pays what is pending to a written model, also when no migration is open', async () => {
    const corpus = await fresh()
    await setModelState(corpus.db, corpus.second.id, 'standby')
    corpus.models.before = async (model) => {
      if (model.modelName === 'second') throw new RevectorError('PROVIDER_UNAVAILABLE', 'Away.')
    }
    await writeLines(corpus, 'a.md', texts(30))
    const { rows } = await corpus.db.query<{ id: string }>(sql`select id::text as id from chunks`)
    await corpus.db.transaction((tx) =>
      recordPending(
        tx,
        corpus.layout,
        corpus.second,
        rows.map((row) => row.id),
      ),
    )
    expect(await work(corpus, once)).toMatchObject({ pending: 0 })
    corpus.models.before = async () => {}
    expect(await work(corpus, once)).toMatchObject({ pending: 30, batches: 0 })
    await expectFilled(corpus)
    expect(await work(corpus, once)).toMatchObject({ pending: 0 })
  })

  it('goes on with the next when a migration is cancelled while it is verified', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(20))
    const migration = await beginFill(corpus)
    const judgeQuality = async () => {
      await cancelMigration(corpus, { migrationId: migration.id })
      return null
    }
    expect(await work({ ...corpus, judgeQuality }, once)).toMatchObject({ embedded: 20 })
    expect(await stateOf(corpus, migration)).toMatchObject({ state: 'cancelled' })
  })

  it('pays for one text once, however many pending chunks have it, and asks for a refused one once', async () => {
    const corpus = await fresh()
    await setModelState(corpus.db, corpus.second.id, 'standby')
    corpus.models.before = async (model) => {
      if (model.modelName === 'second') throw new RevectorError('PROVIDER_UNAVAILABLE', 'Away.')
    }
    await writeLines(corpus, 'a.md', ['poison', 'poison', 'twice', 'twice', ...texts(3)])
    corpus.models.before = async () => {}
    corpus.models.poison.add('poison')
    const asked = corpus.asked.length
    expect(await work(corpus, once)).toMatchObject({ pending: 7 })
    expect(corpus.asked.slice(asked).filter((text) => text === 'poison')).toHaveLength(1)
    expect(corpus.asked.slice(asked).filter((text) => text === 'twice')).toHaveLength(1)
    await expectFilled(corpus, 2)
  })
})
