import type { LimitFunction } from 'p-limit'
import { interrupted, isRevectorError } from '../../core/errors.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import { finishBatch, type Lease, releaseBatch } from '../../store/migration-batches.ts'
import { recordEvent } from '../../store/migration-events.ts'
import { addProgress, type Progress } from '../../store/migration-progress.ts'
import type { StoredMigration } from '../../store/migrations.ts'
import type { Model } from '../../wire/model.ts'
import { pauseFor } from '../pause.ts'
import { fillBatch, type StoredBatch } from './fill-batch.ts'
import { failureOf } from './provider-failure.ts'
import type { Shift } from './shift.ts'
import { addToTally } from './tally.ts'

/** The migration and target that a worker fills. */
export interface Filling {
  readonly migration: StoredMigration
  readonly target: Model
  readonly opened: EmbeddingModel
}

/** The result of a leased batch. */
export type LaneResult =
  | { readonly type: 'stored'; readonly progress: Progress }
  /** Another worker has it, or the migration was cancelled: its vectors are discarded. */
  | { readonly type: 'lost' }
  /** Released: the worker should wait before it calls this provider again. */
  | { readonly type: 'failed'; readonly failures: number }
  /** Released, and the migration is paused. */
  | { readonly type: 'paused' }

/**
 * One batch of a migration, from its lease to its end. The lanes of a worker store one at a time, by
 * `oneStores`.
 *
 * @throws RevectorError INTERRUPTED, of the database; the batch is released then
 */
export async function fillLease(
  shift: Shift,
  filling: Filling,
  lease: Lease,
  oneStores: LimitFunction,
): Promise<LaneResult> {
  const { deps, request, worker, pace, signal, tally } = shift
  const { migration, target, opened } = filling
  worker.hold(lease)
  try {
    const ended = await fillBatch(deps, target, {
      chunkIds: lease.chunkIds,
      opened,
      signal,
      storing: (store) => oneStores(() => endBatch(shift, migration, lease, store)),
    })
    if (ended === null) return { type: 'lost' }
    addToTally(tally, ended.stored, lease.estimateTokens)
    worker.count(lease.chunkIds.length)
    return { type: 'stored', progress: ended.progress }
  } catch (error) {
    // A cancelled migration's table is gone; the state says so.
    if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) return { type: 'lost' }
    const failure = signal.aborted ? null : failureOf(error)
    if (failure === null) {
      await releaseBatch(deps.db, lease, null).catch(() => {})
      throw signal.aborted ? interrupted(signal) : error
    }
    await deps.db.transaction((tx) => releaseBatch(tx, lease, failure.error), { idempotent: true })
    request.onFailure?.(failure.error)
    const failures = lease.failures + 1
    if (!failure.lasting && failures < pace.failures) return { type: 'failed', failures }
    const { actor } = worker
    await pauseFor(deps, { migrationId: migration.id, actor, by: 'provider', error: failure.error })
    return { type: 'paused' }
  } finally {
    worker.letGo(lease)
  }
}

/** Vectors, progress, and the end of the batch: together or not at all. Null if the lease was lost. */
async function endBatch(
  { deps, worker }: Shift,
  { id: migrationId, pricePerMillionTokens }: StoredMigration,
  lease: Lease,
  store: Parameters<Parameters<typeof fillBatch>[2]['storing']>[0],
): Promise<{ readonly stored: StoredBatch; readonly progress: Progress } | null> {
  const { actor } = worker
  return deps.db.transaction(
    async (tx) => {
      if (!(await finishBatch(tx, lease))) return null
      const stored = await store(tx)
      const { embedded, reused, tokens } = stored
      const costUsd = (tokens * (pricePerMillionTokens ?? 0)) / 1e6
      const progress = await addProgress(tx, migrationId, { embedded, reused, tokens, costUsd })
      const quarantined = stored.quarantined.length
      const chunks = embedded + reused + quarantined
      const data = { chunks, embedded, reused, quarantined, tokens, costUsd, worker: worker.id }
      await recordEvent(tx, { migrationId, actor, type: 'batch', data })
      for (const { chunkId, code, reason } of stored.refused) {
        await recordEvent(tx, { migrationId, actor, type: 'quarantined', data: { chunkId, code, reason } })
      }
      return { stored, progress }
    },
    // Run again after it was stored, it finds no batch and changes nothing.
    { idempotent: true, unhurried: true },
  )
}
