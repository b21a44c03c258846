import { thisActor } from '../core/actor.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { modelTableBytes } from '../schema/model-table.ts'
import { deleteBatches } from '../store/migration-batches.ts'
import { migrationsOfModel, type StoredMigration } from '../store/migrations.ts'
import { openStates } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { advance } from './advance.ts'

/**
 * Before a model is removed, with all models locked: ends the migrations it belongs to. An open one prevents
 * the removal, unless it only fills this model and `force` cancels it.
 *
 * @throws RevectorError MODEL_IN_USE
 */
export async function beforeRemoval(
  tx: Queryable,
  model: Model,
  { force }: { readonly force: boolean },
): Promise<void> {
  for (const migration of await migrationsOfModel(tx, model.id)) {
    const isTarget = migration.targetModelId === model.id
    if (openStates.some((state) => state === migration.state)) {
      if (!force || !isTarget) throw inUse(migration, model, isTarget)
      await giveUp(tx, migration)
    } else if (isTarget) {
      // It is not current, or it could not be removed: the source is in use again, and there is no other way
      // now.
      const actor = thisActor()
      const { sourceModel, targetModel } = migration
      const back = { from: targetModel, to: sourceModel, pending: 0 }
      await advance(tx, migration.id, { event: 'rolled_back', data: back, actor })
      await giveUp(tx, migration)
    } else if (migration.state === 'cut_over') {
      const data = { model: model.modelName, bytes: await modelTableBytes(tx, model) }
      await advance(tx, migration.id, { event: 'retired', data, actor: thisActor() })
    }
  }
}

async function giveUp(tx: Queryable, { id, targetModel }: StoredMigration): Promise<void> {
  await deleteBatches(tx, id)
  const data = { model: targetModel, dropped: true }
  await advance(tx, id, { event: 'cancelled', data, actor: thisActor() })
}

function inUse(migration: StoredMigration, model: Model, isTarget: boolean): RevectorError {
  const { id, state, sourceModel, targetModel } = migration
  return new RevectorError(
    'MODEL_IN_USE',
    `"${model.modelName}" is the ${isTarget ? 'target' : 'source'} of the migration from "${sourceModel}" to "${targetModel}", which is ${state}.`,
    {
      hint: `Cancel the migration first: \`revector migrate cancel ${id}\`.`,
      data: { model: model.modelName, migration_id: id, state },
    },
  )
}
