import { expect, it } from 'vitest'
import { cancelMigration } from '../../src/migrate/cancel.ts'
import { cutOver } from '../../src/migrate/cut-over.ts'
import { migrationEvents } from '../../src/migrate/events.ts'
import { work } from '../../src/migrate/fill/work.ts'
import { beforeRemoval } from '../../src/migrate/model-in-use.ts'
import { pauseMigration, resumeMigration } from '../../src/migrate/pause.ts'
import { retireSource } from '../../src/migrate/retire.ts'
import { rollBack } from '../../src/migrate/roll-back.ts'
import { startMigration } from '../../src/migrate/start.ts'
import { migrationPage, migrationStatus } from '../../src/migrate/status.ts'
import { verifyMigration } from '../../src/migrate/verify/verify-migration.ts'
import { addModel, removeModel, useModel } from '../../src/models/registry.ts'
import { listModels } from '../../src/models/status.ts'
import type { Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'
import { dropHnswIndex, hnswIndexOf } from '../../src/schema/hnsw-index.ts'
import { modelTable } from '../../src/schema/model-table.ts'
import { allModels } from '../../src/store/models.ts'
import { countPending } from '../../src/store/pending.ts'
import type { MigrationEvent } from '../../src/wire/migration-event.ts'
import { type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import { describeEngines } from '../support/engines.ts'
import { quick, texts } from '../support/fills.ts'
import { space } from '../support/models.ts'

const pair = { sourceModel: 'first', targetModel: 'second', createdBy: 'ada' } as const

async function statesOf({ db }: TestCorpus): Promise<Record<string, string>> {
  return Object.fromEntries((await allModels(db)).map((model) => [model.modelName, model.state]))
}

async function vectorsOf({ db }: TestCorpus, id: number): Promise<number> {
  return (await db.query(sql`select from ${modelTable(id)}`)).rowCount
}

async function eventsOf(corpus: TestCorpus, after?: number): Promise<MigrationEvent[]> {
  const events: MigrationEvent[] = []
  for await (const event of migrationEvents(corpus, { after, signal: AbortSignal.abort() }))
    events.push(event)
  for await (const event of migrationEvents(corpus, { after })) events.push(event)
  return events
}

describeEngines('a model migration', (engine) => {
  const fresh = async () => ({ ...(await testCorpus(await engine.connect())), pace: quick })

  it('goes from start to retire; every step is on record with who took it', async () => {
    const corpus = await fresh()
    const { db, first, second } = corpus
    await writeLines(corpus, 'a.md', texts(40))
    const started = await startMigration(corpus, { ...pair, rollbackWindowSeconds: 60 })
    expect(started).toMatchObject({
      state: 'filling',
      sourceModel: 'first',
      targetModel: 'second',
      targetWasEmpty: true,
      createdBy: 'ada',
      rollbackWindowSeconds: 60,
      batchItems: expect.any(Number),
      plan: { totalChunks: 40, missingChunks: 40 },
    })
    expect(await statesOf(corpus)).toMatchObject({ first: 'current', second: 'filling' })
    expect(await migrationStatus(corpus)).toMatchObject({
      totalChunks: 40,
      doneChunks: 0,
      rollbackWindowUntil: null,
    })
    await expect(cutOver(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })

    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({
      state: 'ready',
      doneChunks: 40,
      embedded: 40,
      pendingChunks: { source: 0, target: 0 },
      verification: { passed: true },
    })
    const over = await cutOver(corpus, { actor: 'grace' })
    expect(over).toMatchObject({ state: 'cut_over', cutOverAt: expect.any(Date) })
    expect(await statesOf(corpus)).toMatchObject({ first: 'standby', second: 'current' })
    expect(await cutOver(corpus)).toMatchObject({ state: 'cut_over', cutOverAt: over.cutOverAt })

    await expect(retireSource(corpus)).rejects.toMatchObject({
      code: 'MIGRATION_STATE',
      hint: expect.stringContaining('--force'),
    })
    const { bytes, migration } = await retireSource(corpus, { force: true, actor: 'grace' })
    expect(bytes).toBeGreaterThan(0)
    expect(migration).toMatchObject({ state: 'retired', finishedAt: expect.any(Date) })
    expect(await statesOf(corpus)).toMatchObject({ first: 'retired', second: 'current' })
    expect((await db.query(sql`select to_regclass('chunk_embeddings_model_1') as t`)).rows).toEqual([
      { t: null },
    ])
    expect(await retireSource(corpus)).toMatchObject({ bytes: 0 })
    await expect(rollBack(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })

    const events = (await eventsOf(corpus)).filter((event) => event.type !== 'batch')
    expect(events.map((event) => event.type)).toEqual([
      'started',
      'enqueued',
      'filled',
      'indexed',
      'passed',
      'cut_over',
      'retired',
    ])
    expect(events.find((event) => event.type === 'started')).toMatchObject({
      actor: 'ada',
      migrationId: started.id,
    })
    expect(events.at(-1)).toMatchObject({ actor: 'grace', data: { model: 'first', bytes } })
    // A watcher that comes back goes on after what it has seen.
    expect((await eventsOf(corpus, events.at(-2)?.id)).map((event) => event.type)).toEqual(['retired'])
    // What is retired can be forgotten altogether.
    expect(await removeModel(corpus, 'first', { before: beforeRemoval })).toMatchObject({ embeddings: 0 })
    expect(await migrationPage(corpus)).toMatchObject([{ sourceModel: 'first', sourceModelId: null }])
    expect(await vectorsOf(corpus, second.id)).toBe(40)
    expect(first.id).toBe(1)
  })

  it('is rolled back with all that was written meanwhile, and nothing is computed', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(20))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await cutOver(corpus)
    await writeLines(corpus, 'b.md', texts(10, 'later'))
    await writeLines(corpus, 'a.md', [...texts(5), 'changed'])
    const asked = [...(corpus.models.texts.get('first') ?? [])]
    const back = await rollBack(corpus)
    expect(back).toMatchObject({ state: 'rolled_back', finishedAt: expect.any(Date) })
    expect(await statesOf(corpus)).toMatchObject({ first: 'current', second: 'standby' })
    expect(await vectorsOf(corpus, corpus.first.id)).toBe(16)
    expect(corpus.models.texts.get('first')).toEqual(asked)
    expect(await rollBack(corpus)).toMatchObject({ state: 'rolled_back' })

    // And once more: what is there is not paid again.
    const paid = corpus.models.texts.get('second')?.length
    const again = await startMigration(corpus, pair)
    expect(again).toMatchObject({ state: 'filling', targetWasEmpty: false, targetState: 'standby' })
    await work(corpus, { once: true })
    expect(await cutOver(corpus)).toMatchObject({ id: again.id, state: 'cut_over' })
    // The verification and the plan ask for samples; the fill asked for nothing.
    expect(await migrationStatus(corpus)).toMatchObject({ embedded: 0, reused: 0 })
    expect(corpus.models.texts.get('second')?.length).toBeGreaterThanOrEqual(paid ?? 0)
  })

  it('asked for again changes nothing but limits; a wider scope widens, another one is refused', async () => {
    const corpus = await fresh()
    const a = await writeLines(corpus, 'a.md', texts(10))
    const b = await writeLines(corpus, 'b.md', texts(10, 'more'))
    const one = await startMigration(corpus, { ...pair, scope: { documents: [a] } })
    expect(await startMigration(corpus, { ...pair, scope: { documents: [a] }, budgetUsd: 5 })).toMatchObject({
      id: one.id,
      budgetUsd: 5,
    })
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready', totalChunks: 10, doneChunks: 10 })
    // Only a part was moved: the rest would be invisible.
    await expect(cutOver(corpus)).rejects.toMatchObject({ code: 'GATE_FAILED', data: { gates: ['scope'] } })
    await expect(startMigration(corpus, { ...pair, scope: { documents: [b] } })).rejects.toMatchObject({
      code: 'MIGRATION_CONFLICT',
    })
    const wide = await startMigration(corpus, { ...pair, scope: {} })
    expect(wide).toMatchObject({ id: one.id, state: 'filling', scope: {}, budgetUsd: 5 })
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready', totalChunks: 20, doneChunks: 20 })
    await cutOver(corpus)
    expect((await eventsOf(corpus)).filter((event) => event.type === 'widened')).toMatchObject([
      { data: { scope: {}, before: { documents: [a] } } },
    ])
    expect(await startMigration(corpus, pair)).toMatchObject({ id: one.id, state: 'cut_over' })
  })

  it('cuts a part over only when that is accepted by name', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(30))
    await startMigration(corpus, { ...pair, scope: { sample: 12 } })
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready', totalChunks: 12, doneChunks: 12 })
    const done = await cutOver(corpus, { override: ['scope'], actor: 'ada' })
    expect(done.verification?.gates.find((gate) => gate.gate === 'scope')).toMatchObject({ overridden: true })
    expect((await eventsOf(corpus)).at(-1)).toMatchObject({
      type: 'cut_over',
      data: { overridden: ['scope'] },
    })
    // The source is the only one that has everything.
    await expect(retireSource(corpus, { force: true })).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
  })

  it('can be looked at while the source is dropped', async () => {
    const corpus = await fresh()
    const { db } = corpus
    await writeLines(corpus, 'a.md', texts(6))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await cutOver(corpus)
    await addModel(corpus, space('third', 20))
    /** The source goes after it was found, and before its table is looked into. */
    const dropping = (table: string) => {
      let dropped = false
      const query: Queryable['query'] = async (statement, options) => {
        if (!dropped && statement.text.includes(table)) {
          dropped = true
          await retireSource(corpus, { force: true })
        }
        return db.query(statement, options)
      }
      return { ...corpus, db: { ...db, query } }
    }
    expect(await migrationStatus(dropping('pending_chunks'))).toMatchObject({
      state: 'retired',
      doneChunks: 6,
    })

    await startMigration(corpus, { sourceModel: 'second', targetModel: 'third' })
    await work(corpus, { once: true })
    await cutOver(corpus)
    const listed = await listModels(dropping('from "chunk_embeddings_model_2"'))
    expect(listed.find(({ modelName }) => modelName === 'second')).toMatchObject({ state: 'retired' })
  })

  it('refuses what conflicts with another, in words that name it', async () => {
    const corpus = await fresh()
    const third = await addModel(corpus, space('third', 20))
    await writeLines(corpus, 'a.md', texts(3))
    await expect(startMigration(corpus, { targetModel: 'first' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(
      startMigration(corpus, { sourceModel: 'second', targetModel: 'third' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(migrationStatus(corpus)).rejects.toMatchObject({ code: 'MIGRATION_UNKNOWN' })
    const one = await startMigration(corpus, pair)
    await expect(migrationStatus(corpus, { migrationId: 0.5 })).rejects.toMatchObject({
      code: 'MIGRATION_UNKNOWN',
      data: { known: [one.id] },
    })
    // Another target at the same time is fine, its source being the current model too.
    await startMigration(corpus, { targetModel: 'third' })
    await expect(useModel(corpus, 'second', { force: true })).rejects.toMatchObject({
      code: 'MIGRATION_CONFLICT',
      data: { migration_id: one.id },
    })
    await expect(removeModel(corpus, 'second', { before: beforeRemoval })).rejects.toMatchObject({
      code: 'MODEL_IN_USE',
    })
    // A fill that was given up ends with its model.
    await removeModel(corpus, 'third', { force: true, before: beforeRemoval })
    expect(await migrationPage(corpus)).toMatchObject([
      { state: 'cancelled', targetModel: third.modelName, targetModelId: null },
      { state: 'filling', id: one.id },
    ])
    await work(corpus, { once: true, migrationId: one.id })
    // Somebody switches to a model that has nothing to do with it.
    const fourth = await addModel(corpus, space('fourth', 20))
    await useModel(corpus, 'fourth', { force: true })
    await expect(cutOver(corpus, { migrationId: one.id })).rejects.toMatchObject({
      code: 'MIGRATION_CONFLICT',
    })
    await useModel(corpus, 'first')
    await cutOver(corpus, { migrationId: one.id })
    await useModel(corpus, 'fourth', { force: true })
    await expect(rollBack(corpus, { migrationId: one.id })).rejects.toMatchObject({
      code: 'MIGRATION_CONFLICT',
    })
    expect(fourth.modelName).toBe('fourth')
  })

  it('pauses and resumes from anywhere, and goes on where it was', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(6))
    await startMigration(corpus, pair)
    expect(await pauseMigration(corpus, { reason: 'Lunch.', actor: 'ada' })).toMatchObject({
      state: 'paused',
      pausedFrom: 'filling',
      error: { by: 'operator', message: 'Lunch.', at: expect.any(Date) },
    })
    expect(await pauseMigration(corpus, { reason: 'Again.' })).toMatchObject({
      error: { message: 'Lunch.' },
    })
    await writeLines(corpus, 'b.md', texts(2, 'meanwhile'))
    expect(await vectorsOf(corpus, corpus.second.id)).toBe(2)
    expect(await resumeMigration(corpus, { allowedQuarantined: 3 })).toMatchObject({
      state: 'filling',
      pausedFrom: null,
      error: null,
      allowedQuarantined: 3,
    })
    await work(corpus, { once: true })
    await pauseMigration(corpus)
    await expect(cutOver(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })
    expect(await resumeMigration(corpus)).toMatchObject({ state: 'ready' })
    await cutOver(corpus)
    await expect(pauseMigration(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })
  })

  it('takes the way back of an earlier move from the same model along when it is retired', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(10))
    const one = await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await cutOver(corpus)
    // Back by hand: for the first migration that is no roll-back.
    await useModel(corpus, 'first')
    const two = await startMigration(corpus, { targetModel: 'second' })
    await work(corpus, { once: true })
    await cutOver(corpus, { migrationId: two.id })
    await retireSource(corpus, { migrationId: two.id, force: true })
    expect(await migrationStatus(corpus, { migrationId: one.id })).toMatchObject({ state: 'retired' })
    await expect(rollBack(corpus, { migrationId: one.id })).rejects.toMatchObject({
      code: 'MIGRATION_STATE',
      message: expect.stringContaining('retired'),
    })
    expect(await statesOf(corpus)).toMatchObject({ first: 'retired', second: 'current' })
  })

  it('is cancelled without a trace in the source, and the space comes back', async () => {
    const corpus = await fresh()
    const { db, first, second } = corpus
    await writeLines(corpus, 'a.md', texts(200))
    const before = await db.query(
      sql`select id, chunk_id, embedding_16::text from ${modelTable(first.id)} order by id`,
    )
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    const { bytes, migration } = await cancelMigration(corpus)
    expect(bytes).toBeGreaterThan(200 * 24 * 4)
    expect(migration).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Date) })
    expect(await vectorsOf(corpus, second.id)).toBe(0)
    expect(await hnswIndexOf(db, second)).toMatchObject({ valid: true })
    expect(await statesOf(corpus)).toMatchObject({ first: 'current', second: 'registered' })
    const after = await db.query(
      sql`select id, chunk_id, embedding_16::text from ${modelTable(first.id)} order by id`,
    )
    expect(after.rows).toEqual(before.rows)

    // What is stored for the model later is nobody's to take: cancelling again is told nothing new.
    await writeLines(corpus, 'b.md', ['by name'], 'second')
    expect(await cancelMigration(corpus)).toMatchObject({ bytes: 0, migration: { state: 'cancelled' } })
    expect(await vectorsOf(corpus, second.id)).toBe(1)
    await expect(resumeMigration(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })

    // A target that had vectors keeps them.
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    expect(await cancelMigration(corpus)).toMatchObject({ bytes: 0 })
    expect(await vectorsOf(corpus, second.id)).toBe(201)
  })

  it('that was rolled back can be cancelled, and its target goes', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(20))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await cutOver(corpus)
    await expect(cancelMigration(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })
    await rollBack(corpus)
    await expect(retireSource(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })
    expect((await cancelMigration(corpus)).bytes).toBeGreaterThan(0)
    expect(await statesOf(corpus)).toMatchObject({ first: 'current', second: 'registered' })
    expect(await vectorsOf(corpus, corpus.second.id)).toBe(0)
  })

  it('is not cut over past a chunk that a writer could not embed after the verification', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(8))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    // A write to a named model reaches that one alone.
    await writeLines(corpus, 'b.md', ['pending to the target'], 'first')
    expect(await countPending(corpus.db, corpus.layout, corpus.second)).toBe(1)
    await expect(cutOver(corpus)).rejects.toMatchObject({
      code: 'GATE_FAILED',
      data: { gates: ['coverage'], missing: 1 },
    })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'filling', pendingChunks: { target: 1 } })
    await work(corpus, { once: true })
    expect(await cutOver(corpus)).toMatchObject({ state: 'cut_over' })
    expect(await vectorsOf(corpus, corpus.second.id)).toBe(9)
    expect((await corpus.db.query(sql`select from pending_chunks`)).rowCount).toBe(0)

    // The way back stays open when something is pending to the source; a worker pays it.
    await writeLines(corpus, 'c.md', ['pending to the source'], 'second')
    await expect(retireSource(corpus, { force: true })).resolves.toMatchObject({
      migration: { state: 'retired' },
    })
  })

  it('is cut over and rolled back without reading the corpus', async () => {
    const corpus = await fresh()
    const { db } = corpus
    await writeLines(corpus, 'a.md', texts(1_500))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    // One chunk that is pending and paid, so that there is something to look at.
    await db.query(
      sql`insert into pending_chunks (model_id, chunk_id) select m.id, min(c.id) from embedding_models m, chunks c group by m.id`,
    )
    let read: Record<string, number> = {}
    const rowsRead = async (tx: Queryable): Promise<ReadonlyMap<string, number>> => {
      const { rows } = await tx.query<{ name: string; read: number }>(sql`
        select relname as name, (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
        where relname = 'chunks' or relname like 'chunk_embeddings%'`)
      return new Map(rows.map((row) => [row.name, row.read]))
    }
    const watched = {
      ...corpus,
      db: {
        ...db,
        transaction: <T>(body: (tx: Queryable) => Promise<T>) =>
          db.transaction(async (tx) => {
            // What the session has read before may still be among it.
            const before = await rowsRead(tx)
            const result = await body(tx)
            const all = [...(await rowsRead(tx))].map(
              ([name, n]) => [name, n - (before.get(name) ?? 0)] as const,
            )
            read = Object.fromEntries(all.filter(([, n]) => n > 0))
            return result
          }),
      },
    }
    expect(await cutOver(watched)).toMatchObject({ state: 'cut_over' })
    expect(read).toEqual({ chunk_embeddings_model_2: 1 })
    expect(await rollBack(watched)).toMatchObject({ state: 'rolled_back' })
    expect(read).toEqual({ chunk_embeddings_model_1: 1 })
  })

  it('pauses at a gate that fails, until a person accepts it by name', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(80))
    // No two models have all neighbours in common.
    await startMigration(corpus, { ...pair, gates: { overlap: 1.1 } })
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({
      state: 'paused',
      pausedFrom: 'verifying',
      error: { by: 'gate', code: 'GATE_FAILED', message: expect.stringContaining('overlap') },
    })
    const { migration } = await verifyMigration(corpus, { override: ['overlap'], actor: 'ada' })
    expect(migration).toMatchObject({ state: 'ready' })
    // Accepted once, it stays accepted.
    expect((await verifyMigration(corpus)).migration).toMatchObject({ state: 'ready' })
    await cutOver(corpus)
    expect((await eventsOf(corpus)).filter(({ type }) => type === 'passed')).toMatchObject([
      { actor: 'ada', data: { overridden: ['overlap'] } },
    ])
  })

  it('has its HNSW index built again when a verification finds none, or a broken one', async () => {
    const corpus = await fresh()
    const { db, second } = corpus
    await writeLines(corpus, 'a.md', texts(40))
    await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await dropHnswIndex(db, second)
    expect((await verifyMigration(corpus)).migration).toMatchObject({ state: 'indexing' })
    await expect(cutOver(corpus)).rejects.toMatchObject({ code: 'MIGRATION_STATE' })
    await work(corpus, { once: true })
    expect(await migrationStatus(corpus)).toMatchObject({ state: 'ready', verification: { passed: true } })

    const hnswIndex = await hnswIndexOf(db, second)
    await db.query(sql`
      update pg_index set indisvalid = false where indexrelid = ${hnswIndex?.name ?? ''}::regclass`)
    expect((await verifyMigration(corpus)).migration).toMatchObject({ state: 'indexing' })
    await work(corpus, { once: true })
    expect(await hnswIndexOf(db, second)).toMatchObject({ name: hnswIndex?.name, valid: true })
    expect((await cutOver(corpus)).state).toBe('cut_over')
    expect((await eventsOf(corpus)).filter(({ type }) => type === 'unindexed')).toMatchObject([
      { data: { index: null } },
      { data: { index: hnswIndex?.name } },
    ])
  })

  it('counts as retired or given up when its models are removed by hand', async () => {
    const corpus = await fresh()
    await writeLines(corpus, 'a.md', texts(4))
    const one = await startMigration(corpus, pair)
    await work(corpus, { once: true })
    await cutOver(corpus)
    await removeModel(corpus, 'first', { before: beforeRemoval })
    expect(await migrationStatus(corpus, { migrationId: one.id })).toMatchObject({ state: 'retired' })

    const third = await addModel(corpus, space('third', 20))
    const two = await startMigration(corpus, { targetModel: third.modelName })
    await work(corpus, { once: true })
    await cutOver(corpus)
    // Somebody goes back without telling the migration.
    await useModel(corpus, 'second')
    expect(await rollBack(corpus, { migrationId: two.id })).toMatchObject({ state: 'rolled_back' })
    await removeModel(corpus, 'third', { before: beforeRemoval })
    expect(await migrationStatus(corpus, { migrationId: two.id })).toMatchObject({ state: 'cancelled' })
  })
})
