import { thisActor } from '../../core/actor.ts'
import type { StoreDeps } from '../../store/deps.ts'
import { lockMigration, type StoredMigration } from '../../store/migrations.ts'
import { requireModel } from '../../store/models.ts'
import { recordPending } from '../../store/pending.ts'
import { releaseQuarantined } from '../../store/quarantine.ts'
import { advance } from '../advance.ts'
import { idOf, type MigrationCall } from '../call.ts'

export interface Retried {
  readonly migration: StoredMigration
  /** Chunks that will be retried. */
  readonly chunks: number
}

/**
 * Queues the quarantined chunks of a migration for another attempt; after the cut-over they become pending for
 * its target. Workers embed them.
 *
 * @throws RevectorError MIGRATION_UNKNOWN, MIGRATION_STATE
 */
export async function retryQuarantined(
  { db, layout }: StoreDeps,
  call: MigrationCall = {},
): Promise<Retried> {
  const actor = call.actor ?? thisActor()
  const id = await idOf(db, call)
  return db.transaction(async (tx) => {
    const { state, scope, targetModel, targetModelId } = await lockMigration(tx, id)
    const released = targetModelId === null ? [] : await releaseQuarantined(tx, layout, targetModelId, scope)
    if (state === 'cut_over' && released.length > 0) {
      await recordPending(tx, layout, await requireModel(tx, targetModel), released)
    }
    const data = { chunks: released.length }
    const { migration } = await advance(tx, id, { event: 'retried', data, actor })
    return { migration, chunks: released.length }
  })
}
