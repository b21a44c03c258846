import { thisActor } from '../core/actor.ts'
import type { Queryable } from '../postgres/database.ts'
import { withShortLocks } from '../schema/locks.ts'
import { emptyModelTable } from '../schema/model-table.ts'
import type { Deps } from '../store/deps.ts'
import { deleteBatches } from '../store/migration-batches.ts'
import { hasEvent, recordEvent } from '../store/migration-events.ts'
import {
  lockMigration,
  migrationsOfModel,
  requireMigration,
  type StoredMigration,
} from '../store/migrations.ts'
import { lockModels, setModelState } from '../store/models.ts'
import { forgetPending, forgetQuarantined } from '../store/pending.ts'
import type { MigrationId } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { advance } from './advance.ts'
import { idOf, type MigrationCall } from './call.ts'
import { decide } from './state.ts'

export interface Cancelled {
  readonly migration: StoredMigration
  /** Bytes freed on disk. 0 if the target had vectors before the migration: all its vectors stay then. */
  readonly bytes: number
}

export interface CancelRequest extends MigrationCall {
  readonly signal?: AbortSignal
}

/**
 * Cancels a migration, also one that was rolled back. The source is not affected. A target that had no vectors
 * before is emptied, which frees its disk space, unless it is current by now or another migration uses it;
 * cancelling again continues this where it was interrupted.
 *
 * @throws RevectorError MIGRATION_STATE, DATABASE_BUSY
 */
export async function cancelMigration(
  { db }: Pick<Deps, 'db'>,
  request: CancelRequest = {},
): Promise<Cancelled> {
  const actor = request.actor ?? thisActor()
  const id = await idOf(db, request)
  // First the row: workers stop, writers leave the target out, an index build ends. Then no session holds its
  // table.
  await db.transaction(async (tx) => {
    const models = await lockModels(tx)
    const migration = await requireMigration(tx, id)
    if (decide(migration, 'cancelled') === null) return
    // A worker that stores locks its batch, then the migration's row: the same order here.
    await deleteBatches(tx, id)
    const target = models.find((model) => model.id === migration.targetModelId)
    const dropped = target !== undefined && (await release(tx, migration, target))
    const data = { model: migration.targetModel, dropped }
    await advance(tx, id, { event: 'cancelled', data, actor })
  })
  const { signal } = request
  const bytes = await withShortLocks(db, (tx) => giveBack(tx, id, actor), { signal })
  return { migration: await requireMigration(db, id), bytes }
}

/** Sets the target's new state. @returns whether its vectors are dropped */
async function release(tx: Queryable, migration: StoredMigration, target: Model): Promise<boolean> {
  // An operator made it current by hand, or went back to it: the migration ends, the model stays as it is.
  if (target.state === 'retired' || target.state === 'current') return false
  const claimed = (await otherUse(tx, migration, target)) !== undefined
  if (claimed && migration.state === 'rolled_back') return false
  const state = migration.targetWasEmpty && !claimed ? 'registered' : migration.targetState
  await setModelState(tx, target.id, state)
  if (state === 'registered') await forgetPending(tx, target.id)
  return migration.targetWasEmpty && !claimed
}

/** A migration that was rolled back has no claim on a model; other migrations may. */
async function otherUse(
  tx: Queryable,
  { id }: StoredMigration,
  model: Model,
): Promise<StoredMigration | undefined> {
  const found = await migrationsOfModel(tx, model.id)
  return found.find((other) => other.id !== id && other.state !== 'rolled_back')
}

/** Frees the space of a target that only this migration filled and that no migration uses now. */
async function giveBack(tx: Queryable, id: MigrationId, actor: string): Promise<number> {
  const models = await lockModels(tx)
  const migration = await lockMigration(tx, id)
  const target = models.find((model) => model.id === migration.targetModelId)
  if (!migration.targetWasEmpty || target === undefined || target.state !== 'registered') return 0
  if ((await otherUse(tx, migration, target)) !== undefined || (await hasEvent(tx, id, 'emptied'))) return 0
  await forgetQuarantined(tx, target.id)
  const bytes = await emptyModelTable(tx, target)
  const data = { model: target.modelName, bytes }
  await recordEvent(tx, { migrationId: id, actor, type: 'emptied', data })
  return bytes
}
