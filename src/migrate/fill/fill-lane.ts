import type { LimitFunction } from 'p-limit'
import { interrupted, isRevectorError, type RevectorError } from '../../core/errors.ts'
import type { Migration, MigrationReason, MigrationState } from '../../core/migration.ts'
import type { Database } from '../../postgres/database.ts'
import { finishBatch, forgetFailures, type Lease, releaseBatch } from '../../store/migration-batches.ts'
import { recordEvent } from '../../store/migration-events.ts'
import { addProgress, type Progress } from '../../store/migration-progress.ts'
import { lockMigration } from '../../store/migrations.ts'
import { advance } from '../advance.ts'
import { embedBatch, type StoredBatch, storeBatch } from './embed-batch.ts'
import { failureOf } from './failures.ts'
import type { FillContext } from './fill-context.ts'
import { addToTally } from './tally.ts'
import { actorOf } from './worker.ts'

/** A worker's lanes store one after the other. */
export interface LaneContext extends FillContext {
  readonly storing: LimitFunction
}

/** What became of a batch that was leased. */
export type LaneResult =
  | { readonly type: 'stored'; readonly progress: Progress; readonly stored: StoredBatch }
  /** Somebody else has it, or the migration was cancelled: what was embedded is dropped. */
  | { readonly type: 'lost' }
  /** Given back: the worker should wait before it asks this provider again. */
  | { readonly type: 'failed'; readonly failures: number }
  /** Given back, and the migration is paused. */
  | { readonly type: 'paused' }

/**
 * One batch, from its texts to its vectors.
 *
 * @throws RevectorError INTERRUPTED, of the database; the batch is given back then
 */
export async function fillBatch(context: LaneContext, lease: Lease): Promise<LaneResult> {
  const { db, target, worker, signal } = context
  worker.hold(lease)
  try {
    const { migration, opened } = context
    const proven = migration.embedded > 0 || context.tally.embedded > 0
    const batch = await embedBatch(context, target, { chunkIds: lease.chunkIds, opened, proven, signal })
    const result = await context.storing(() => store(context, lease, batch))
    if (result === null) return { type: 'lost' }
    addToTally(context.tally, result.stored, lease.estimateTokens)
    worker.count(lease.chunkIds.length)
    return { type: 'stored', ...result }
  } catch (error) {
    // The target's table is gone with a cancelled migration; its state says so.
    if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) return { type: 'lost' }
    const failure = signal.aborted ? null : failureOf(error)
    if (failure === null) {
      await releaseBatch(db, lease, null).catch(() => {})
      throw signal.aborted ? interrupted(signal) : error
    }
    await db.transaction((tx) => releaseBatch(tx, lease, failure.error), { idempotent: true })
    context.onFailure(failure.error)
    const failures = lease.failures + 1
    if (failure.lasting || failures >= context.pace.failures) {
      await pauseFor(context, failure.error, 'provider')
      return { type: 'paused' }
    }
    return { type: 'failed', failures }
  } finally {
    worker.letGo(lease)
  }
}

/** Vectors, progress, and the end of the batch: together or not at all. */
async function store(
  { db, layout, migration, target, worker }: FillContext,
  lease: Lease,
  batch: Parameters<typeof storeBatch>[3],
): Promise<{ readonly stored: StoredBatch; readonly progress: Progress } | null> {
  return db.transaction(
    async (tx) => {
      if (!(await finishBatch(tx, lease))) return null
      const stored = await storeBatch(tx, layout, target, batch)
      const costUsd = (stored.tokens * (migration.settings.pricePerMillionTokens ?? 0)) / 1e6
      const progress = await addProgress(tx, migration.id, { ...stored, costUsd })
      const { embedded, reused, tokens } = stored
      const quarantined = stored.quarantined.length
      const chunks = embedded + reused + quarantined
      await recordEvent(tx, {
        migrationId: migration.id,
        actor: actorOf(worker.id),
        type: 'batch',
        data: { chunks, embedded, reused, quarantined, tokens, costUsd, worker: worker.id },
      })
      for (const { chunkId, code, reason } of batch.refused) {
        if (!stored.quarantined.includes(chunkId)) continue
        await recordEvent(tx, {
          migrationId: migration.id,
          actor: actorOf(worker.id),
          type: 'quarantined',
          data: { chunkId, code, reason },
        })
      }
      return { stored, progress }
    },
    // Run again after it was stored, it finds no batch of its own and changes nothing.
    { idempotent: true },
  )
}

const workStates: ReadonlySet<MigrationState> = new Set<MigrationState>(['filling', 'indexing', 'verifying'])

/** The migration pauses, unless somebody else has done something to it meanwhile. */
export async function pauseFor(
  context: {
    readonly db: Database
    readonly migration: Pick<Migration, 'id'>
    readonly worker: { readonly id: string }
  },
  { code, message, hint }: Pick<RevectorError, 'code' | 'message' | 'hint'>,
  by: MigrationReason['by'],
): Promise<void> {
  const { id } = context.migration
  await context.db.transaction(async (tx) => {
    const reason = { code, message, hint, by }
    // A worker that stores holds its batch, then wants the migration's row: the same order here.
    await forgetFailures(tx, id)
    const { state } = await lockMigration(tx, id)
    if (!workStates.has(state)) return
    await advance(tx, id, {
      event: 'paused',
      data: { from: state, reason },
      actor: actorOf(context.worker.id),
      reason,
    })
  })
}
