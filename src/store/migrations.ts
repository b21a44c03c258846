import type { ChunkId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { ModelState } from '../core/model.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import { decode, encode } from '../wire/codec.ts'
import {
  type GateThresholds,
  type Migration,
  type MigrationId,
  type MigrationReason,
  type MigrationScope,
  migrationReason,
  openStates,
  type Verification,
  verification,
} from '../wire/migration.ts'
import type { MigrationPlan } from '../wire/migration-plan.ts'
import type { Model } from '../wire/model.ts'

/** What an operator decided about a migration. */
export interface MigrationSettings
  extends Pick<
    Migration,
    'budgetUsd' | 'pricePerMillionTokens' | 'allowedQuarantined' | 'rollbackWindowSeconds'
  > {
  readonly gates: GateThresholds
  /** Chunks a batch, which is one call of the provider. */
  readonly batchItems: number
}

/** A migration with the fields that only flows need. */
export interface StoredMigration extends Migration, MigrationSettings {
  /** Null if the model has been removed since. */
  readonly sourceModelId: number | null
  readonly targetModelId: number | null
  /** The plan that was confirmed. */
  readonly plan: MigrationPlan | null
  /** The chunks that were embedded first, to relate the source's distances to the target's. */
  readonly calibration: readonly ChunkId[]
  /** The state that cancelling restores. */
  readonly targetState: ModelState
  /** Chunks in scope when they were last counted; null before that. */
  readonly totalChunks: number | null
  readonly verification: Verification | null
}

const columns = raw(`id::float8 as id, source_model_id as "sourceModelId", target_model_id as "targetModelId",
    source_model as "sourceModel", target_model as "targetModel", state, paused_from as "pausedFrom",
    reason as error, scope, settings, plan, calibration, target_was_empty as "targetWasEmpty",
    target_state as "targetState", total_chunks::float8 as "totalChunks", embedded::float8 as embedded,
    reused::float8 as reused, tokens::float8 as tokens, cost_usd::float8 as "costUsd", gates as verification,
    created_by as "createdBy", created_at as "createdAt", started_at as "startedAt", filled_at as "filledAt",
    cut_over_at as "cutOverAt", finished_at as "finishedAt"`)

type Row = Omit<StoredMigration, keyof MigrationSettings> & { readonly settings: MigrationSettings }

/** Settings are one column; reason and verification hold JSON. */
function fromRow({ settings, error, verification: verified, ...row }: Row): StoredMigration {
  return {
    ...row,
    ...settings,
    error: error && decode(migrationReason, error),
    verification: verified && decode(verification, verified),
  }
}

const isOpen = sql`state = any(${openStates}::text[])`

async function migrations(db: Queryable, rest: Sql): Promise<StoredMigration[]> {
  const { rows } = await db.query<Row>(sql`select ${columns} from model_migrations ${rest}`)
  return rows.map(fromRow)
}

export interface NewMigration {
  readonly source: Model
  readonly target: Model
  readonly scope: MigrationScope
  readonly settings: MigrationSettings
  readonly plan: MigrationPlan | null
  readonly targetWasEmpty: boolean
  readonly targetState: ModelState
  readonly createdBy: string
}

/**
 * In state `planned`. Fails on the unique index if the target has an open migration: check under `lockModels`.
 */
export async function insertMigration(tx: Queryable, one: NewMigration): Promise<StoredMigration> {
  const { rows } = await tx.query<Row>(sql`
    insert into model_migrations (source_model_id, target_model_id, source_model, target_model, state, scope, settings,
      plan, target_was_empty, target_state, created_by)
    values (${one.source.id}, ${one.target.id}, ${one.source.modelName}, ${one.target.modelName}, 'planned',
      ${JSON.stringify(one.scope)}::jsonb, ${JSON.stringify(one.settings)}::jsonb,
      ${one.plan === null ? null : JSON.stringify(one.plan)}::jsonb, ${one.targetWasEmpty}, ${one.targetState},
      ${one.createdBy})
    returning ${columns}`)
  const [row] = rows
  if (row === undefined) throw new Error('An insert returned no row')
  return fromRow(row)
}

/** What can't be an id names nothing, and Postgres never sees it. */
export const isMigrationId = (id: MigrationId): boolean => Number.isSafeInteger(id)

/** @throws RevectorError MIGRATION_UNKNOWN */
export async function requireMigration(db: Queryable, id: MigrationId): Promise<StoredMigration> {
  const [found] = isMigrationId(id) ? await migrations(db, sql`where id = ${id}::bigint`) : []
  return found ?? refuseUnknown(db, id)
}

/**
 * The migration that is meant if none is named: the newest that is not finished, else the newest.
 *
 * @throws RevectorError MIGRATION_UNKNOWN if there has been none
 */
export async function latestMigration(db: Queryable): Promise<StoredMigration> {
  const [found] = await migrations(
    db,
    raw(`order by state in ('rolled_back', 'retired', 'cancelled'), model_migrations.id desc limit 1`),
  )
  return found ?? refuseUnknown(db, null)
}

/** Locks its row until the transaction ends. Models are locked before migrations, never after. */
export async function lockMigration(tx: Queryable, id: MigrationId): Promise<StoredMigration> {
  const [found] = await migrations(tx, sql`where id = ${id}::bigint for no key update`)
  return found ?? refuseUnknown(tx, id)
}

async function refuseUnknown(db: Queryable, id: MigrationId | null): Promise<never> {
  const { rows } = await db.query<{ id: MigrationId }>(
    sql`select id::float8 as id from model_migrations order by model_migrations.id desc limit 20`,
  )
  const known = rows.map((row) => row.id)
  throw new RevectorError(
    'MIGRATION_UNKNOWN',
    id === null ? 'There is no model migration.' : `There is no model migration ${id}.`,
    {
      hint:
        known.length === 0
          ? 'Start one with `revector migrate start --from A --to B`.'
          : `Use the id of one of these: ${known.join(', ')}.`,
      data: { migration_id: id, known },
    },
  )
}

/** Newest first. */
export async function listMigrations(
  db: Queryable,
  { limit, before }: { readonly limit: number; readonly before?: MigrationId },
): Promise<readonly StoredMigration[]> {
  if (before !== undefined && !isMigrationId(before)) return []
  const start = before === undefined ? raw('true') : sql`id < ${before}::bigint`
  return migrations(db, sql`where ${start} order by model_migrations.id desc limit ${limit}`)
}

/** Oldest first. */
export async function openMigrations(db: Queryable): Promise<readonly StoredMigration[]> {
  return migrations(db, sql`where ${isOpen} order by model_migrations.id`)
}

/** Unfinished migrations with the model as source or target; oldest first. */
export async function migrationsOfModel(db: Queryable, modelId: number): Promise<readonly StoredMigration[]> {
  return migrations(
    db,
    sql`where ${modelId} in (source_model_id, target_model_id)
      and state not in ('retired', 'cancelled') order by model_migrations.id`,
  )
}

/** The latest migration from one model to another that is cut over; null if there is none. */
export async function cutOverMigration(
  db: Queryable,
  sourceId: number,
  targetId: number,
): Promise<StoredMigration | null> {
  const [found] = await migrations(
    db,
    sql`where source_model_id = ${sourceId} and target_model_id = ${targetId} and state = 'cut_over'
      order by model_migrations.id desc limit 1`,
  )
  return found ?? null
}

export interface MigrationPatch extends Pick<Migration, 'state' | 'pausedFrom'> {
  /** If not given, unchanged. */
  readonly error?: MigrationReason | null
}

/**
 * Sets the state of a migration, with the corresponding date. Only `advance` of the migrate flow may call this.
 */
export async function setMigrationState(
  tx: Queryable,
  id: MigrationId,
  { state, pausedFrom, error }: MigrationPatch,
): Promise<StoredMigration> {
  const kept = error === undefined ? raw('reason') : sql`${JSON.stringify(error)}::jsonb`
  const { rows } = await tx.query<Row>(sql`
    update model_migrations
    set state = ${state}, paused_from = ${pausedFrom}, reason = nullif(${kept}, 'null'::jsonb), updated_at = now(),
      started_at = case when ${state} = 'filling' then coalesce(started_at, now()) else started_at end,
      filled_at = case ${state} when 'indexing' then now() when 'filling' then null else filled_at end,
      cut_over_at = case when ${state} = 'cut_over' then now() else cut_over_at end,
      finished_at = case when ${state} in ('rolled_back', 'retired', 'cancelled') then now() end
    where id = ${id}::bigint
    returning ${columns}`)
  const [row] = rows
  if (row === undefined) throw new Error(`The migration ${id} no longer exists`)
  return fromRow(row)
}

export async function setMigrationScope(
  tx: Queryable,
  id: MigrationId,
  scope: MigrationScope,
): Promise<void> {
  await tx.query(sql`
    update model_migrations set scope = ${JSON.stringify(scope)}::jsonb, updated_at = now() where id = ${id}::bigint`)
}

/** Those that are not given stay. */
export async function setMigrationSettings(
  tx: Queryable,
  id: MigrationId,
  settings: Partial<MigrationSettings>,
): Promise<void> {
  await tx.query(sql`
    update model_migrations
    set settings = settings || ${JSON.stringify(settings)}::jsonb, updated_at = now()
    where id = ${id}::bigint`)
}

/** Overrides included. */
export async function setVerification(tx: Queryable, id: MigrationId, verified: Verification): Promise<void> {
  await tx.query(sql`
    update model_migrations
    set gates = ${JSON.stringify(encode(verification, verified))}::jsonb, updated_at = now()
    where id = ${id}::bigint`)
}
