import { thisActor } from '../core/actor.ts'
import { RevectorError } from '../core/errors.ts'
import type { StoreDeps } from '../store/deps.ts'
import { lockMigration, type StoredMigration } from '../store/migrations.ts'
import { lockModels, switchCurrent } from '../store/models.ts'
import { countPending } from '../store/pending.ts'
import { advance } from './advance.ts'
import { idOf, type MigrationCall } from './call.ts'
import { modelsOf } from './cut-over.ts'
import { decide } from './state.ts'

/**
 * Makes the source current again, in one short transaction. It stayed in sync, so nothing is lost and nothing
 * is computed; the target stays in sync too. Chunks that the source's provider could not embed meanwhile are
 * still pending for it: they do not prevent the roll-back, and are recorded.
 *
 * @throws RevectorError MIGRATION_STATE, MIGRATION_CONFLICT if a third model is current
 */
export async function rollBack(
  { db, layout }: StoreDeps,
  request: MigrationCall = {},
): Promise<StoredMigration> {
  const actor = request.actor ?? thisActor()
  const id = await idOf(db, request)
  return db.transaction(async (tx) => {
    const models = await lockModels(tx)
    const migration = await lockMigration(tx, id)
    if (decide(migration, 'rolled_back') === null) return migration
    const { source, target } = modelsOf(models, migration)
    const current = models.find((model) => model.state === 'current')
    // An operator may have switched back with `models use` already.
    if (current?.id === target.id) await switchCurrent(tx, source)
    else if (current?.id !== source.id) {
      throw new RevectorError(
        'MIGRATION_CONFLICT',
        `"${current?.modelName}" is current, not "${target.modelName}": rolling back would undo another switch.`,
        {
          hint: `Roll back the other migration first, or make "${source.modelName}" current with \`revector models use\`.`,
          data: { migration_id: id, current: current?.modelName, source: source.modelName },
        },
      )
    }
    const pending = await countPending(tx, layout, source)
    const data = { from: target.modelName, to: source.modelName, pending }
    return (await advance(tx, id, { event: 'rolled_back', data, actor })).migration
  })
}
