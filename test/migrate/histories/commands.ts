import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect } from 'vitest'
import { RevectorError } from '../../../src/core/errors.ts'
import { writeDocuments } from '../../../src/ingest/write.ts'
import { cancelMigration } from '../../../src/migrate/cancel.ts'
import { cutOver } from '../../../src/migrate/cut-over.ts'
import { work } from '../../../src/migrate/fill/work.ts'
import { pauseMigration, resumeMigration } from '../../../src/migrate/pause.ts'
import { retireSource } from '../../../src/migrate/retire.ts'
import { rollBack } from '../../../src/migrate/roll-back.ts'
import { startMigration } from '../../../src/migrate/start.ts'
import { verifyMigration } from '../../../src/migrate/verify/verify-migration.ts'
import { addModel, useModel } from '../../../src/models/registry.ts'
import { sql } from '../../../src/postgres/sql.ts'
import { deleteDocuments } from '../../../src/store/documents.ts'
import { claimBatch } from '../../../src/store/migration-batches.ts'
import { requireMigration, setMigrationSettings } from '../../../src/store/migrations.ts'
import { writeLines } from '../../support/corpus-deps.ts'
import { space } from '../../support/models.ts'
import { lines } from '../../support/paragraphs.ts'
import { type Command, command, source, texts } from './command.ts'
import { currentOf, makeCurrent, newestOf, noteIngest, noteRemoval, openOf } from './ideal.ts'
import { past } from './past.ts'
import { lackingOf, vectorsOf } from './real.ts'

/** Either it works, or it is refused with one of these codes; nothing else may happen. */
async function expecting<T>(allowed: boolean, codes: readonly string[], call: Promise<T>): Promise<T | null> {
  if (allowed) return call
  const outcome = await call.then(
    () => 'it worked',
    (error: unknown) => (error instanceof RevectorError ? error.code : error),
  )
  expect(codes).toContain(outcome)
  return null
}

const ingest = fc.tuple(source, texts).map(([where, what]) =>
  command(`ingest ${where} ${JSON.stringify(what)}`, async (ideal, { corpus }) => {
    await writeLines(corpus, where, what)
    noteIngest(ideal, where, what)
  }),
)

/** Only the named model gets it; the others are pending. */
const ingestNamed = fc.tuple(source, texts, fc.nat()).map(([where, what, pick]) =>
  command(`ingest-named ${where} ${JSON.stringify(what)} ${pick}`, async (ideal, { corpus }) => {
    const names = [...ideal.models].flatMap(([name, state]) => (state === 'retired' ? [] : [name]))
    await writeLines(corpus, where, what, names[pick % names.length])
    noteIngest(ideal, where, what)
  }),
)

/** Every provider but the current model's is down. */
const ingestAlone = fc.tuple(source, texts).map(([where, what]) =>
  command(`ingest-alone ${where} ${JSON.stringify(what)}`, async (ideal, { corpus }) => {
    const current = currentOf(ideal)
    corpus.models.before = async (model) => {
      if (model.modelName !== current) throw new RevectorError('PROVIDER_UNAVAILABLE', 'Down.')
    }
    await writeLines(corpus, where, what)
    corpus.models.before = async () => {}
    noteIngest(ideal, where, what)
  }),
)

const remove = source.map((where) =>
  command(
    `remove ${where}`,
    async (ideal, { corpus }) => {
      const { db, layout } = corpus
      const { rows } = await db.query<{ id: string }>(
        sql`select id::text as id from documents where source = ${where}`,
      )
      await db.transaction((tx) =>
        deleteDocuments(
          tx,
          layout,
          rows.map(({ id }) => id),
        ),
      )
      noteRemoval(ideal, where)
    },
    (ideal) => ideal.documents.has(where),
  ),
)

const start = fc.nat().map((pick) =>
  command(`start ${pick}`, async (ideal, { corpus }) => {
    const open = openOf(ideal)
    if (open !== undefined) {
      const again = await startMigration(corpus, { sourceModel: open.source, targetModel: open.target })
      expect(again.id).toBe(open.id)
      return
    }
    const candidates = [...ideal.models].flatMap(([name, state]) =>
      state === 'registered' || state === 'standby' ? [name] : [],
    )
    if (candidates.length === 0) {
      const name = `model ${ideal.models.size}`
      await addModel(corpus, space(name, 16 + (pick % 3) * 4))
      ideal.models.set(name, 'registered')
      candidates.push(name)
    }
    const target = candidates[pick % candidates.length] ?? ''
    const was = ideal.models.get(target) ?? 'registered'
    const targetWasEmpty = (await vectorsOf(corpus, target)) === 0
    const migration = await startMigration(corpus, { targetModel: target })
    expect(migration.targetWasEmpty).toBe(targetWasEmpty)
    // Small batches, so that there are several.
    await setMigrationSettings(corpus.db, migration.id, { batchItems: 2 })
    if (was === 'registered') ideal.models.set(target, 'filling')
    ideal.migrations.push({
      id: migration.id,
      source: currentOf(ideal),
      target,
      state: 'going',
      targetWasEmpty,
      targetState: was,
    })
  }),
)

/** A worker that is told to stop after its first batch. */
const batch = fc.constant(
  command(
    'batch',
    async (_, { corpus }) => {
      const stop = new AbortController()
      await work(corpus, {
        once: true,
        concurrency: 1,
        signal: stop.signal,
        onProgress: (event) => event.type === 'fill.batch' && stop.abort(),
      })
    },
    (ideal) => openOf(ideal) !== undefined,
  ),
)

/** A worker that works until there is nothing left: then the migration is ready. */
const finish = fc.constant(
  command('finish', async (ideal, { corpus }) => {
    await work(corpus, { once: true })
    const open = openOf(ideal)
    if (open?.state !== 'going') return
    expect(await requireMigration(corpus.db, open.id)).toMatchObject({ state: 'ready' })
    expect(await lackingOf(corpus, open.target)).toBe(0)
  }),
)

/** Two workers at once. */
const together = fc.constant(
  command('together', async (_, { corpus }) => {
    await Promise.all([work(corpus, { once: true }), work(corpus, { once: true })])
  }),
)

/** A worker took a batch, and was killed. */
const crash = fc.constant(
  command(
    'crash',
    async (ideal, { corpus }) => {
      const open = openOf(ideal)
      if (open !== undefined) await claimBatch(corpus.db, open.id, randomUUID(), 1)
    },
    (ideal) => openOf(ideal)?.state === 'going',
  ),
)

/** A worker that is interrupted while the provider has a batch. */
const interrupt = fc.constant(
  command(
    'interrupt',
    async (_, { corpus }) => {
      const abort = new AbortController()
      corpus.models.before = async () => abort.abort()
      await work(corpus, { once: true, abort: abort.signal }).catch((error: unknown) => {
        if (!(error instanceof RevectorError && error.code === 'INTERRUPTED')) throw error
      })
      corpus.models.before = async () => {}
    },
    (ideal) => openOf(ideal)?.state === 'going',
  ),
)

/** A document is written between a batch's way to the provider and its being stored. */
const race = fc.tuple(source, texts).map(([where, what]) =>
  command(
    `race ${where} ${JSON.stringify(what)}`,
    async (ideal, { corpus }) => {
      let raced = false
      corpus.models.before = async (model) => {
        if (raced || model.modelName !== openOf(ideal)?.target) return
        raced = true
        await writeDocuments(corpus, [lines(where, what)], { failing: new Set() })
        noteIngest(ideal, where, what)
      }
      await work(corpus, { once: true })
      corpus.models.before = async () => {}
    },
    (ideal) => openOf(ideal)?.state === 'going',
  ),
)

const pause = fc.constant(
  command('pause', async (ideal, { corpus }) => {
    const [newest] = ideal.migrations.slice(-1)
    if (newest === undefined) return
    const open = newest.state === 'going' || newest.state === 'paused'
    await expecting(open, ['MIGRATION_STATE'], pauseMigration(corpus, { migrationId: newest.id }))
    if (open) newest.state = 'paused'
  }),
)

const resume = fc.constant(
  command('resume', async (ideal, { corpus }) => {
    const [newest] = ideal.migrations.slice(-1)
    if (newest === undefined) return
    const open = newest.state === 'going' || newest.state === 'paused'
    await expecting(open, ['MIGRATION_STATE'], resumeMigration(corpus, { migrationId: newest.id }))
    if (open) newest.state = 'going'
  }),
)

const cancel = fc.nat().map((pick) =>
  command(
    `cancel ${pick}`,
    async (ideal, { corpus }) => {
      const migration = ideal.migrations[pick % ideal.migrations.length]
      if (migration === undefined) return
      const { state, target, targetWasEmpty, targetState, id } = migration
      const open = state === 'going' || state === 'paused'
      const done = await expecting(
        open || state === 'cancelled' || state === 'rolled_back',
        ['MIGRATION_STATE'],
        cancelMigration(corpus, { migrationId: id }),
      )
      if (done === null || state === 'cancelled') return
      migration.state = 'cancelled'
      const was = ideal.models.get(target)
      if (was === 'retired' || was === 'current') return
      const claims = ideal.migrations.filter((one) => ['going', 'paused', 'cut_over'].includes(one.state))
      const claimed = claims.some((one) => one.source === target || one.target === target)
      if (claimed && !open) return
      if (claimed || !targetWasEmpty) ideal.models.set(target, targetState)
      else {
        ideal.models.set(target, 'registered')
        expect(await vectorsOf(corpus, target)).toBe(0)
      }
    },
    (ideal) => ideal.migrations.length > 0,
  ),
)

const verify = fc.constant(
  command(
    'verify',
    async (ideal, { corpus }) => {
      const open = openOf(ideal)
      if (open === undefined) return
      const { state, pausedFrom } = await requireMigration(corpus.db, open.id)
      const at = pausedFrom ?? state
      const allowed = at === 'verifying' || at === 'ready'
      const complete = (await lackingOf(corpus, open.target)) === 0
      const done = await expecting(
        allowed,
        ['MIGRATION_STATE'],
        verifyMigration(corpus, { migrationId: open.id }),
      )
      if (done === null) return
      expect(done.migration.state).toBe(complete ? 'ready' : state === 'paused' ? 'paused' : 'filling')
      if (complete) open.state = 'going'
    },
    (ideal) => openOf(ideal) !== undefined,
  ),
)

const cut = fc.constant(
  command(
    'cut-over',
    async (ideal, { corpus }) => {
      const [newest] = ideal.migrations.slice(-1)
      if (newest === undefined) return
      const { state } = await requireMigration(corpus.db, newest.id)
      const ready = state === 'ready' && ideal.models.get(newest.source) === 'current'
      // Whether something is missing is looked up chunk by chunk here, and not at all there.
      const complete = state === 'ready' && (await lackingOf(corpus, newest.target)) === 0
      const done = await expecting(
        state === 'cut_over' || (ready && complete),
        ['MIGRATION_STATE', 'GATE_FAILED', 'MIGRATION_CONFLICT'],
        cutOver(corpus, { migrationId: newest.id }),
      )
      if (done === null || newest.state === 'cut_over') return
      newest.state = 'cut_over'
      makeCurrent(ideal, newest.target)
    },
    (ideal) => ideal.migrations.length > 0,
  ),
)

const back = fc.constant(
  command(
    'roll-back',
    async (ideal, { corpus }) => {
      const over = newestOf(ideal, 'cut_over') ?? ideal.migrations.at(-1)
      if (over === undefined) return
      const current = currentOf(ideal)
      const allowed =
        over.state === 'rolled_back' ||
        (over.state === 'cut_over' && [over.source, over.target].includes(current))
      const done = await expecting(
        allowed,
        ['MIGRATION_STATE', 'MIGRATION_CONFLICT'],
        rollBack(corpus, { migrationId: over.id }),
      )
      if (done === null || over.state === 'rolled_back') return
      over.state = 'rolled_back'
      makeCurrent(ideal, over.source)
    },
    (ideal) => ideal.migrations.length > 0,
  ),
)

const retire = fc.constant(
  command(
    'retire',
    async (ideal, { corpus }) => {
      const over = newestOf(ideal, 'cut_over') ?? ideal.migrations.at(-1)
      if (over === undefined) return
      const open = openOf(ideal)
      const needed = open !== undefined && [open.source, open.target].includes(over.source)
      const spare = ideal.models.get(over.source) !== 'current' && !needed
      const allowed =
        over.state === 'retired' || (over.state === 'cut_over' && spare && (await anotherIsComplete()))
      const done = await expecting(
        allowed,
        ['MIGRATION_STATE', 'MODEL_IN_USE', 'MIGRATION_CONFLICT'],
        retireSource(corpus, { migrationId: over.id, force: true }),
      )
      if (done === null || over.state === 'retired') return
      over.state = 'retired'
      ideal.models.set(over.source, 'retired')
      // Moves away from the same model that came before have no way back either.
      for (const other of ideal.migrations) {
        if (other.source === over.source && other.state === 'cut_over') other.state = 'retired'
      }

      async function anotherIsComplete(): Promise<boolean> {
        for (const [name, state] of ideal.models) {
          if (name === over?.source || (state !== 'current' && state !== 'standby')) continue
          if ((await lackingOf(corpus, name)) === 0) return true
        }
        return false
      }
    },
    (ideal) => ideal.migrations.length > 0,
  ),
)

/** The hot switch by hand, past all migrations. */
const use = fc.nat().map((pick) =>
  command(`use ${pick}`, async (ideal, { corpus }) => {
    const names = [...ideal.models].flatMap(([name, state]) => (state === 'retired' ? [] : [name]))
    const name = names[pick % names.length] ?? ''
    const open = openOf(ideal)
    const allowed = open?.target !== name && (await lackingOf(corpus, name)) === 0
    const before = currentOf(ideal)
    const done = await expecting(allowed, ['MODEL_EMPTY', 'MIGRATION_CONFLICT'], useModel(corpus, name))
    if (done === null || before === name) return
    makeCurrent(ideal, name)
    if (open?.source !== before && (await vectorsOf(corpus, before)) === 0)
      ideal.models.set(before, 'registered')
  }),
)

export const commands: fc.Arbitrary<Command>[] = [
  ...[ingest, ingest, ingestNamed, ingestAlone, remove],
  ...[start, start, batch, batch, finish, finish, together, crash, interrupt, race],
  ...[pause, resume, resume, cancel, verify, cut, cut, cut, back, retire, use],
  ...past,
]
