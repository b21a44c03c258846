import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { StoredMigration } from '../../store/migrations.ts'
import { clearEmbedded } from '../../store/pending.ts'
import type { Model } from '../../wire/model.ts'
import { advance } from '../advance.ts'
import { fillMigration } from './fill-migration.ts'
import { restOrPause } from './rest-or-pause.ts'
import type { Shift, Turn } from './shift.ts'

/**
 * Fills the target, together with all other workers, until nothing is missing; then its HNSW index is built.
 */
export async function fillTurn(shift: Shift, migration: StoredMigration, target: Model): Promise<Turn> {
  const opened = await openTarget(shift, migration, target)
  if (opened === null) return 'others'
  shift.rests.end(target)
  if (await fillMigration(shift, { migration, target, opened })) {
    const { db } = shift.deps
    await clearEmbedded(db, target)
    await db.transaction((tx) =>
      advance(tx, migration.id, { event: 'filled', data: {}, actor: shift.worker.actor }),
    )
  }
  return 'worked'
}

async function openTarget(
  shift: Shift,
  migration: StoredMigration,
  target: Model,
): Promise<EmbeddingModel | null> {
  const { deps, request, rests } = shift
  try {
    return await deps.models.open(target)
  } catch (error) {
    if (target.provider === 'custom' && request.migrationId === undefined) {
      // The model belongs to another process: this one must not pause the migration.
      rests.beginForGood(target)
      request.onProgress?.({
        type: 'warning',
        message: error instanceof Error ? error.message : String(error),
      })
    } else {
      await restOrPause(shift, error, migration, target)
    }
    return null
  }
}
