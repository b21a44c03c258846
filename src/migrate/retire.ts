import { thisActor } from '../core/actor.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { withShortLocks } from '../schema/locks.ts'
import { dropModelTable, modelTableBytes } from '../schema/model-table.ts'
import type { Deps, StoreDeps } from '../store/deps.ts'
import {
  lockMigration,
  migrationsOfModel,
  openMigrations,
  requireMigration,
  type StoredMigration,
} from '../store/migrations.ts'
import { allModels, deleteCanaries, lockModels, setModelState } from '../store/models.ts'
import { countPending, forgetPending, forgetQuarantined } from '../store/pending.ts'
import { coverageInScope } from '../store/verification.ts'
import type { MigrationId } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { advance } from './advance.ts'
import { idOf, type MigrationCall } from './call.ts'
import { modelsOf } from './cut-over.ts'
import { decide } from './state.ts'

export interface Retired {
  readonly migration: StoredMigration
  /** Bytes freed on disk; 0 if it was retired before. */
  readonly bytes: number
}

export interface RetireRequest extends MigrationCall {
  /** Even before the rollback window ends. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/**
 * Ends a migration: drops all vectors of its source. After that there is no roll-back, so it is refused while
 * the source is in use, while no other model is complete, and, unless forced, before the rollback window ends.
 *
 * @throws RevectorError MIGRATION_STATE, MODEL_IN_USE, DATABASE_BUSY
 */
export async function retireSource(deps: StoreDeps, request: RetireRequest = {}): Promise<Retired> {
  const { db } = deps
  const actor = request.actor ?? thisActor()
  const { force = false, signal } = request
  const id = await idOf(db, request)
  const migration = await requireMigration(db, id)
  if (decide(migration, 'retired') === null) return { migration, bytes: 0 }
  if (!force) refuseEarly(migration)
  const { source } = modelsOf(await allModels(db), migration)
  refuseCurrent(source)
  // Reads the corpus, so it comes before the locks; what is written meanwhile is recorded as pending.
  const complete = await completeModels(deps, source)
  return withShortLocks(
    db,
    async (tx) => {
      const models = await lockModels(tx)
      const locked = await lockMigration(tx, id)
      if (decide(locked, 'retired') === null) return { migration: locked, bytes: 0 }
      const { source } = modelsOf(models, locked)
      refuseCurrent(source)
      await refuseNeeded(tx, source)
      await refuseLast(tx, deps, { source, complete, models })
      const bytes = await modelTableBytes(tx, source)
      await dropModelTable(tx, source)
      await setModelState(tx, source.id, 'retired')
      await forgetPending(tx, source.id)
      await forgetQuarantined(tx, source.id)
      await deleteCanaries(tx, source.id)
      await retireEarlier(tx, { source, id, actor })
      const data = { model: source.modelName, bytes }
      const { migration } = await advance(tx, id, { event: 'retired', data, actor })
      return { migration, bytes }
    },
    { signal },
  )
}

/** Earlier migrations from the same model: with its vectors gone they can no longer be rolled back. */
async function retireEarlier(
  tx: Queryable,
  { source, id, actor }: { readonly source: Model; readonly id: MigrationId; readonly actor: string },
): Promise<void> {
  for (const other of await migrationsOfModel(tx, source.id)) {
    if (other.id === id || other.state !== 'cut_over' || other.sourceModelId !== source.id) continue
    const data = { model: source.modelName, bytes: 0 }
    await advance(tx, other.id, { event: 'retired', data, actor })
  }
}

/** Until when the source of a migration is kept; null before the cut-over. */
export function rollbackWindowUntil({
  cutOverAt,
  rollbackWindowSeconds,
}: Pick<StoredMigration, 'cutOverAt' | 'rollbackWindowSeconds'>): Date | null {
  return cutOverAt === null ? null : new Date(cutOverAt.getTime() + rollbackWindowSeconds * 1_000)
}

function refuseEarly(migration: StoredMigration): void {
  const until = rollbackWindowUntil(migration)
  if (until === null || until <= new Date()) return
  throw new RevectorError(
    'MIGRATION_STATE',
    `"${migration.sourceModel}" is kept until ${until.toISOString()}, the end of the rollback window.`,
    {
      hint: 'Wait, or give up the roll-back with --force.',
      data: { migration_id: migration.id, source: migration.sourceModel, rollback_window_until: until },
    },
  )
}

function refuseCurrent(source: Model): void {
  if (source.state !== 'current') return
  throw inUse(source, 'is the current model', 'Make another model current first (`revector models use`).')
}

async function refuseNeeded(tx: Queryable, source: Model): Promise<void> {
  const open = (await openMigrations(tx)).find((one) =>
    [one.sourceModelId, one.targetModelId].includes(source.id),
  )
  if (open === undefined) return
  throw inUse(
    source,
    `belongs to the migration ${open.id}, which is ${open.state}`,
    `Let it end, or cancel it with \`revector migrate cancel ${open.id}\`.`,
  )
}

/** Ids of the other written models that lack no vector they could have. */
async function completeModels({ db, layout }: StoreDeps, source: Model): Promise<ReadonlySet<number>> {
  const complete = new Set<number>()
  for (const model of await allModels(db)) {
    if (model.id === source.id || (model.state !== 'current' && model.state !== 'standby')) continue
    const { missing, quarantined, chunks } = await coverageInScope(db, layout, model, {})
    if (missing === 0 && (quarantined < chunks || chunks === 0)) complete.add(model.id)
  }
  return complete
}

async function refuseLast(
  tx: Queryable,
  { layout }: Pick<Deps, 'layout'>,
  found: {
    readonly source: Model
    readonly complete: ReadonlySet<number>
    readonly models: readonly Model[]
  },
): Promise<void> {
  for (const model of found.models) {
    if (!found.complete.has(model.id) || (model.state !== 'current' && model.state !== 'standby')) continue
    if ((await countPending(tx, layout, model)) === 0) return
  }
  throw inUse(
    found.source,
    'is the only model that has a vector of every chunk',
    'Fill the current model first: `revector migrate status` shows what it lacks.',
  )
}

function inUse(model: Model, what: string, hint: string): RevectorError {
  return new RevectorError('MODEL_IN_USE', `"${model.modelName}" ${what} and cannot be retired.`, {
    hint,
    data: { model: model.modelName, state: model.state },
  })
}
