import { tryLock } from '../../store/held-lock.ts'
import { requireMigration, type StoredMigration } from '../../store/migrations.ts'
import type { Model } from '../../wire/model.ts'
import { verifyMigration } from '../verify/verify-migration.ts'
import { restOrPause } from './rest-or-pause.ts'
import type { Shift, Turn } from './shift.ts'

/** Verifies a migration whose HNSW index is built, one worker at a time. */
export async function verifyTurn(shift: Shift, migration: StoredMigration, target: Model): Promise<Turn> {
  const { deps, worker, signal, stop, ending } = shift
  const { id: migrationId } = migration
  const lock = await tryLock(deps.db, `verify ${migrationId}`)
  if (lock === null) return 'others'
  try {
    // Another worker may just have verified it.
    if ((await requireMigration(deps.db, migrationId)).state !== 'verifying') return 'worked'
    await verifyMigration(deps, { migrationId, actor: worker.actor, signal: ending })
    return 'worked'
  } catch (error) {
    if (stop.aborted && !signal.aborted) return 'others'
    // Awaited here: if it rejected after the lock is released, the rejection would be unhandled.
    return await restOrPause(shift, error, migration, target)
  } finally {
    await lock.release()
  }
}
