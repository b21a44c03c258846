import { thisActor } from '../core/actor.ts'
import { definedOnly } from '../core/defined.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { requireOwnVectors } from '../schema/attach/guards.ts'
import { hasAnyVector } from '../store/coverage.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import { recordEvent } from '../store/migration-events.ts'
import {
  cutOverMigration,
  insertMigration,
  lockMigration,
  type MigrationSettings,
  openMigrations,
  type StoredMigration,
  setMigrationScope,
  setMigrationSettings,
} from '../store/migrations.ts'
import { lockModels, requireCurrentModel, requireModel, setModelState } from '../store/models.ts'
import type { Of } from '../wire/codec.ts'
import { defaultGates, type MigrationLimits, type startRequest } from '../wire/migration.ts'
import type { MigrationPlan } from '../wire/migration-plan.ts'
import type { Model } from '../wire/model.ts'
import { advance } from './advance.ts'
import { type Pair, type PlanMigration, planMigration } from './plan/plan.ts'
import { compareScopes } from './scopes.ts'

export type StartMigration = Of<typeof startRequest> & {
  /** The plan that was confirmed. Without it one is made, which embeds a few chunks with the target. */
  readonly plan?: MigrationPlan
  /** For the audit. Default: the user of this process at its host. */
  readonly createdBy?: string
  readonly signal?: AbortSignal
}

type StartDeps = EmbedDeps & Pick<Deps, 'recall'>

const week = 7 * 24 * 3600
/** A crash repeats a batch: one call of the provider. */
const mostBatchItems = 256

/**
 * Opens a migration: from now on every write reaches the target too. Embeds nothing. Called again, it only
 * changes the given limits; a wider scope extends the open migration.
 *
 * @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT, MIGRATION_CONFLICT, MODEL_RETIRED, and of the target's probe
 */
export async function startMigration(deps: StartDeps, request: StartMigration): Promise<StoredMigration> {
  const going = await goOn(deps, request)
  if (going !== null) return going
  const plan = request.plan ?? (await planOf(deps, request))
  return deps.db.transaction(async (tx) => {
    const { source, target } = await lockPair(tx, request)
    // Another operator may have started it while the target was being probed.
    const again = await goOnIn(tx, source, target, request)
    if (again !== null) return again
    await refuseConflicts(tx, source, target)
    const actor = request.createdBy ?? thisActor()
    const scope = request.scope ?? {}
    const migration = await insertMigration(tx, {
      source,
      target,
      scope,
      plan,
      settings: settingsOf(deps, request, plan),
      targetWasEmpty: !(await hasAnyVector(tx, target)),
      targetState: target.state === 'standby' ? 'standby' : 'registered',
      createdBy: actor,
    })
    if (target.state === 'registered') await setModelState(tx, target.id, 'filling')
    const data = { source: source.modelName, target: target.modelName, scope }
    return (await advance(tx, migration.id, { event: 'started', data, actor })).migration
  })
}

async function planOf(deps: EmbedDeps, request: StartMigration): Promise<MigrationPlan> {
  const { db } = deps
  const pair = await pairOf(db, request)
  await refuseConflicts(db, pair.source, pair.target)
  return planMigration(deps, { ...request, ...pair })
}

/** The open migration that a request repeats or extends; null if it is a new one. */
async function goOn({ db }: Pick<Deps, 'db'>, request: StartMigration): Promise<StoredMigration | null> {
  return db.transaction(async (tx) => {
    const { source, target } = await lockPair(tx, request)
    return goOnIn(tx, source, target, request)
  })
}

async function goOnIn(
  tx: Queryable,
  source: Model,
  target: Model,
  request: StartMigration,
): Promise<StoredMigration | null> {
  const found = (await openMigrations(tx)).find((one) => one.targetModelId === target.id)
  if (found === undefined) {
    return target.state === 'current' ? cutOverMigration(tx, source.id, target.id) : null
  }
  // A resume may change its limits at this moment. It stays open: ending a migration locks the models.
  const open = await lockMigration(tx, found.id)
  if (open.sourceModelId !== source.id) throw conflict(open, `"${target.modelName}" is already being filled`)
  const actor = request.createdBy ?? thisActor()
  const { scope } = request
  // No scope given: keep the current one.
  const change = scope === undefined ? 'same' : compareScopes(open.scope, scope)
  if (change === 'other') {
    throw conflict(open, 'It has another scope')
  }
  const limits = limitsOf(request)
  await setMigrationSettings(tx, open.id, limits)
  if (change === 'same' || scope === undefined) return { ...open, ...limits }
  await setMigrationScope(tx, open.id, scope)
  const data = { scope, before: open.scope }
  const { migration, changed } = await advance(tx, open.id, { event: 'widened', data, actor })
  // A filling migration keeps filling; that it has more to do is recorded all the same.
  if (!changed) await recordEvent(tx, { migrationId: open.id, actor, type: 'widened', data })
  return { ...migration, scope }
}

async function lockPair(tx: Queryable, request: StartMigration): Promise<Pair> {
  await lockModels(tx)
  return pairOf(tx, request)
}

async function pairOf(db: Queryable, { sourceModel, targetModel }: PlanMigration): Promise<Pair> {
  const source =
    sourceModel === undefined ? await requireCurrentModel(db) : await requireModel(db, sourceModel)
  const target = await requireModel(db, targetModel)
  const data = { source: source.modelName, target: target.modelName }
  if (source.id === target.id) {
    throw new RevectorError('INVALID_INPUT', `Source and target are the same model, "${source.modelName}".`, {
      hint: 'Specify the model to migrate to as the target.',
      data,
    })
  }
  if (target.state === 'retired') {
    throw new RevectorError('INVALID_INPUT', `The target "${target.modelName}" is retired.`, {
      hint: `Register it again: \`revector models add ${target.modelName}\`.`,
      data,
    })
  }
  await requireOwnVectors(db, target)
  return { source, target }
}

/**
 * The models of a plan: refuses what could not be started, before the target is called. A migration that is
 * open or done may be planned again.
 *
 * @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT
 */
export async function pairToPlan(db: Queryable, request: PlanMigration): Promise<Pair> {
  const { source, target } = await pairOf(db, request)
  const isOpen = (await openMigrations(db)).some(
    (open) => open.sourceModelId === source.id && open.targetModelId === target.id,
  )
  if (!isOpen && target.state !== 'current') refuseOtherSource(source, target)
  return { source, target }
}

function refuseOtherSource(source: Model, target: Model): void {
  if (source.state === 'current') return
  throw new RevectorError(
    'INVALID_INPUT',
    `"${source.modelName}" is not the current model: the source must be the model that searches use.`,
    {
      hint: 'See which model is current with `revector models list`.',
      data: { source: source.modelName, target: target.modelName },
    },
  )
}

async function refuseConflicts(db: Queryable, source: Model, target: Model): Promise<void> {
  refuseOtherSource(source, target)
  for (const open of await openMigrations(db)) {
    if (open.sourceModelId === target.id) throw conflict(open, `"${target.modelName}" is its source`)
    if (open.targetModelId === source.id) throw conflict(open, `"${source.modelName}" is its target`)
  }
}

function conflict(open: StoredMigration, why: string): RevectorError {
  return new RevectorError(
    'MIGRATION_CONFLICT',
    `The migration ${open.id} from "${open.sourceModel}" to "${open.targetModel}" is ${open.state}. ${why}.`,
    {
      hint: `Let it end, or cancel it with \`revector migrate cancel ${open.id}\`.`,
      data: {
        migration_id: open.id,
        state: open.state,
        source: open.sourceModel,
        target: open.targetModel,
        scope: open.scope,
      },
    },
  )
}

function settingsOf(
  { recall }: Pick<Deps, 'recall'>,
  request: StartMigration,
  plan: MigrationPlan,
): MigrationSettings {
  return {
    budgetUsd: null,
    allowedQuarantined: 0,
    rollbackWindowSeconds: week,
    ...limitsOf(request),
    pricePerMillionTokens: request.pricePerMillionTokens ?? plan.pricePerMillionTokens,
    gates: { ...defaultGates, ...definedOnly({ recall }), ...definedOnly(request.gates ?? {}) },
    batchItems: Math.min(mostBatchItems, plan.limits.batchItems),
  }
}

/** Those that are given. */
export function limitsOf(request: MigrationLimits): Partial<MigrationSettings> {
  const { budgetUsd, allowedQuarantined, rollbackWindowSeconds, pricePerMillionTokens } = request
  return definedOnly({ budgetUsd, allowedQuarantined, rollbackWindowSeconds, pricePerMillionTokens })
}
