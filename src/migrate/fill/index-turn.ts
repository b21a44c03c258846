import { isRevectorError } from '../../core/errors.ts'
import { vacuumEmbedded } from '../../postgres/vacuum.ts'
import { buildHnswIndex } from '../../schema/hnsw-build.ts'
import { modelTableName } from '../../schema/names.ts'
import { mayBuildIndexes } from '../../schema/rights.ts'
import { tryLock } from '../../store/held-lock.ts'
import { requireMigration, type StoredMigration } from '../../store/migrations.ts'
import type { Model } from '../../wire/model.ts'
import { advance } from '../advance.ts'
import { pauseFor } from '../pause.ts'
import type { Shift, Turn } from './shift.ts'

/** Builds the HNSW index of a filled target, one worker at a time; then the migration is verified. */
export async function indexTurn(shift: Shift, { id }: StoredMigration, target: Model): Promise<Turn> {
  const { db, buildLimits } = shift.deps
  if (!(await mayBuildIndexes(db, modelTableName(target.id)))) {
    // A worker of the owner will: this one fills, and must not stop what others can finish.
    shift.rests.beginForGood(target)
    shift.request.onProgress?.({
      type: 'warning',
      message: `"${target.modelName}" is filled, but this worker's database user may not build its index: run a worker as the owner of the tables (\`revector doctor --role\` prints the grants).`,
    })
    return 'idle'
  }
  const lock = await tryLock(db, `HNSW index ${target.id}`)
  if (lock === null) return 'others'
  try {
    // Another worker may just have built it.
    if ((await requireMigration(db, id)).state !== 'indexing') return 'worked'
    const begun = performance.now()
    let rows = 0
    await buildHnswIndex(db, target, {
      modelName: target.modelName,
      limits: { ...buildLimits, ...shift.request.build },
      signal: shift.ending,
      onProgress: (event) => {
        if (event.type === 'index.built') rows = event.rows
        shift.request.onProgress?.(event)
      },
    })
    await vacuumEmbedded(db)
    const seconds = (performance.now() - begun) / 1_000
    await db.transaction((tx) =>
      advance(tx, id, { event: 'indexed', data: { rows, seconds }, actor: shift.worker.actor }),
    )
    return 'worked'
  } catch (error) {
    if (!isRevectorError(error, 'DATABASE_FULL')) throw error
    // What was built of it is dropped. Building again and again would fill the disk again and again.
    const reason = {
      code: error.code,
      // Shown to every reader of its status: where the database is concerns the log alone.
      message: `The disk of the database is full: the index of "${target.modelName}" does not fit.`,
      hint: 'Free some space there, then resume the migration (`revector migrate resume`).',
    }
    await pauseFor(shift.deps, { migrationId: id, actor: shift.worker.actor, by: 'fault', error: reason })
    shift.request.onProgress?.({ type: 'warning', message: error.message })
    return 'others'
  } finally {
    await lock.release()
  }
}
