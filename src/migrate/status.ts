import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { estimateHnswIndexBytes, estimateTableBytes } from '../schema/size-estimate.ts'
import type { StatusDeps, StoreDeps } from '../store/deps.ts'
import { recentSpeed } from '../store/migration-events.ts'
import { listMigrations, requireMigration, type StoredMigration } from '../store/migrations.ts'
import { rereading } from '../store/missing-column.ts'
import { allModels } from '../store/models.ts'
import { countPending } from '../store/pending.ts'
import { countAnew } from '../store/remember.ts'
import { coverageInScope } from '../store/verification.ts'
import { workersAtWork } from '../store/workers-at-work.ts'
import { type MigrationId, type MigrationStatus, openStates } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { idOf, type MigrationCall } from './call.ts'
import { rollbackWindowUntil } from './retire.ts'

/**
 * Counted from rows, not from counters, which takes some 0.1 s for 100,000 chunks: see `Remember`.
 *
 * @throws RevectorError MIGRATION_UNKNOWN
 */
export async function migrationStatus(deps: StatusDeps, call: MigrationCall = {}): Promise<MigrationStatus> {
  return statusOf(deps, { id: await idOf(deps.db, call) })
}

/** Newest first; a full page may be followed by another, from its last id. */
export async function migrationPage(
  { db }: StoreDeps,
  page: { readonly limit?: number; readonly before?: MigrationId } = {},
): Promise<readonly StoredMigration[]> {
  return listMigrations(db, { limit: page.limit ?? 50, before: page.before })
}

/** A migration with its progress. */
export function statusOf(deps: StatusDeps, { id }: Pick<StoredMigration, 'id'>): Promise<MigrationStatus> {
  return rereading(async () => counted(deps, await requireMigration(deps.db, id)))
}

async function counted(deps: StatusDeps, migration: StoredMigration): Promise<MigrationStatus> {
  const { db, layout } = deps
  const models = await allModels(db)
  const source = models.find((model) => model.id === migration.sourceModelId)
  const target = models.find((model) => model.id === migration.targetModelId)
  const going = openStates.some((state) => state === migration.state)
  const counts = await countsOf(deps, migration, target)
  const left = counts.total - counts.done - counts.quarantined
  const speed = await recentSpeed(db, migration.id)
  const chunksPerSecond = migration.state === 'filling' ? speed.chunks / Math.max(1, speed.seconds) : 0
  return {
    ...migration,
    totalChunks: counts.total,
    doneChunks: counts.done,
    quarantinedChunks: counts.quarantined,
    pendingChunks: {
      source: source === undefined ? 0 : await pendingOf(db, layout, source),
      target: target === undefined ? 0 : await pendingOf(db, layout, target),
    },
    chunksPerSecond,
    etaSeconds: left > 0 && chunksPerSecond > 0 ? left / chunksPerSecond : null,
    costUsdEstimate: costEstimate(migration, counts.done, left),
    bytesEstimate:
      target === undefined
        ? null
        : estimateTableBytes(target, counts.total) + estimateHnswIndexBytes(target, counts.total),
    workers: going ? await workersAtWork(db, migration.id) : [],
    rollbackWindowUntil: rollbackWindowUntil(migration),
  }
}

interface Counts {
  readonly total: number
  readonly done: number
  readonly quarantined: number
}

/** A cancelled or retired migration is no longer counted: its scope may contain other chunks now. */
async function countsOf(
  { db, layout, remember = countAnew }: StatusDeps,
  migration: StoredMigration,
  target: Model | undefined,
): Promise<Counts> {
  const { id, state, totalChunks, scope } = migration
  if (target === undefined || target.state === 'retired' || state === 'cancelled') {
    return { total: totalChunks ?? 0, done: 0, quarantined: 0 }
  }
  const key = `migration ${id} ${state} ${target.state} ${JSON.stringify(scope)}`
  const counted = await remember(key, () => coverageInScope(db, layout, target, scope))
  return { total: counted.chunks, done: counted.vectors, quarantined: counted.quarantined }
}

async function pendingOf(db: Queryable, layout: Layout, model: Model): Promise<number> {
  return model.state === 'retired' ? 0 : countPending(db, layout, model)
}

/**
 * The expected total cost: from the cost of what has been embedded so far, before that from the plan. Null: the
 * price is unknown.
 */
function costEstimate(migration: StoredMigration, done: number, left: number): number | null {
  if (migration.pricePerMillionTokens === null) return null
  if (left <= 0) return migration.costUsd
  if (migration.tokens > 0 && done > 0) return migration.costUsd * (1 + left / done)
  return migration.plan?.costUsdEstimate ?? null
}
