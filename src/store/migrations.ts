import { RevectorError } from '../core/errors.ts'
import {
  type Migration,
  type MigrationId,
  type MigrationReason,
  type MigrationScope,
  type MigrationSettings,
  type MigrationState,
  openStates,
  type PausableState,
  type Verification,
} from '../core/migration.ts'
import type { ModelState } from '../core/model.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import type { Model } from '../wire/model.ts'
import { isId } from './ids.ts'

interface MigrationRow {
  readonly id: string
  readonly source_model_id: number | null
  readonly target_model_id: number | null
  readonly source_model: string
  readonly target_model: string
  readonly state: MigrationState
  readonly paused_from: PausableState | null
  readonly reason: (Omit<MigrationReason, 'at'> & { readonly at: string }) | null
  readonly scope: MigrationScope
  readonly settings: MigrationSettings
  readonly plan: Readonly<Record<string, unknown>> | null
  readonly calibration: readonly string[]
  readonly target_was_empty: boolean
  readonly target_state: ModelState
  readonly total_chunks: string | null
  readonly embedded: string
  readonly reused: string
  readonly tokens: string
  readonly cost_usd: number
  readonly gates: (Omit<Verification, 'at'> & { readonly at: string }) | null
  readonly created_by: string
  readonly created_at: Date
  readonly started_at: Date | null
  readonly filled_at: Date | null
  readonly cut_over_at: Date | null
  readonly finished_at: Date | null
  readonly updated_at: Date
}

const columns =
  raw(`id::text as id, source_model_id, target_model_id, source_model, target_model, state, paused_from,
    reason, scope, settings, plan, calibration, target_was_empty, target_state, total_chunks::text as total_chunks,
    embedded::text as embedded, reused::text as reused, tokens::text as tokens, cost_usd::float8 as cost_usd, gates,
    created_by, created_at, started_at, filled_at, cut_over_at, finished_at, updated_at`)

function toMigration(row: MigrationRow): Migration {
  return {
    id: row.id,
    state: row.state,
    pausedFrom: row.paused_from,
    sourceModelId: row.source_model_id,
    targetModelId: row.target_model_id,
    sourceModel: row.source_model,
    targetModel: row.target_model,
    reason: row.reason === null ? null : { ...row.reason, at: new Date(row.reason.at) },
    scope: row.scope,
    settings: row.settings,
    plan: row.plan,
    calibration: row.calibration,
    targetWasEmpty: row.target_was_empty,
    targetState: row.target_state,
    totalChunks: row.total_chunks === null ? null : Number(row.total_chunks),
    embedded: Number(row.embedded),
    reused: Number(row.reused),
    tokens: Number(row.tokens),
    costUsd: row.cost_usd,
    verification: row.gates === null ? null : { ...row.gates, at: new Date(row.gates.at) },
    createdBy: row.created_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    filledAt: row.filled_at,
    cutOverAt: row.cut_over_at,
    finishedAt: row.finished_at,
    updatedAt: row.updated_at,
  }
}

const isOpen = sql`state = any(${openStates}::text[])`

async function migrations(db: Queryable, rest: Sql): Promise<Migration[]> {
  const { rows } = await db.query<MigrationRow>(sql`select ${columns} from model_migrations ${rest}`)
  return rows.map(toMigration)
}

export interface NewMigration {
  readonly source: Model
  readonly target: Model
  readonly scope: MigrationScope
  readonly settings: MigrationSettings
  readonly plan: object | null
  readonly targetWasEmpty: boolean
  readonly targetState: ModelState
  readonly createdBy: string
}

/**
 * In state `planned`. Fails on the unique index if the target has an open migration: check under `lockModels`.
 */
export async function insertMigration(tx: Queryable, one: NewMigration): Promise<Migration> {
  const { rows } = await tx.query<MigrationRow>(sql`
    insert into model_migrations (source_model_id, target_model_id, source_model, target_model, state, scope, settings,
      plan, target_was_empty, target_state, created_by)
    values (${one.source.id}, ${one.target.id}, ${one.source.modelName}, ${one.target.modelName}, 'planned',
      ${JSON.stringify(one.scope)}::jsonb, ${JSON.stringify(one.settings)}::jsonb,
      ${one.plan === null ? null : JSON.stringify(one.plan)}::jsonb, ${one.targetWasEmpty}, ${one.targetState},
      ${one.createdBy})
    returning ${columns}`)
  const [row] = rows
  if (row === undefined) throw new Error('An insert returned no row')
  return toMigration(row)
}

/** @throws RevectorError MIGRATION_UNKNOWN */
export async function requireMigration(db: Queryable, id: MigrationId): Promise<Migration> {
  const [found] = isId('bigint', id) ? await migrations(db, sql`where id = ${id}::bigint`) : []
  return found ?? refuseUnknown(db, id)
}

/**
 * The migration that is meant if none is named: the newest that is not finished, else the newest.
 *
 * @throws RevectorError MIGRATION_UNKNOWN if there has been none
 */
export async function latestMigration(db: Queryable): Promise<Migration> {
  const [found] = await migrations(
    db,
    raw(`order by state in ('rolled_back', 'retired', 'cancelled'), model_migrations.id desc limit 1`),
  )
  return found ?? refuseUnknown(db, null)
}

/** Locks its row until the transaction ends. Models are locked before migrations, never after. */
export async function lockMigration(tx: Queryable, id: MigrationId): Promise<Migration> {
  const [found] = isId('bigint', id)
    ? await migrations(tx, sql`where id = ${id}::bigint for no key update`)
    : []
  return found ?? refuseUnknown(tx, id)
}

async function refuseUnknown(db: Queryable, id: MigrationId | null): Promise<never> {
  const { rows } = await db.query<{ id: string }>(
    sql`select id::text as id from model_migrations order by model_migrations.id desc limit 20`,
  )
  const known = rows.map((row) => row.id)
  throw new RevectorError(
    'MIGRATION_UNKNOWN',
    id === null ? 'There is no model migration.' : `There is no model migration ${JSON.stringify(id)}.`,
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
): Promise<readonly Migration[]> {
  if (before !== undefined && !isId('bigint', before)) return []
  const start = before === undefined ? raw('true') : sql`id < ${before}::bigint`
  return migrations(db, sql`where ${start} order by model_migrations.id desc limit ${limit}`)
}

/** Oldest first. */
export async function openMigrations(db: Queryable): Promise<readonly Migration[]> {
  return migrations(db, sql`where ${isOpen} order by model_migrations.id`)
}

/** Unfinished migrations with the model as source or target; oldest first. */
export async function migrationsOfModel(db: Queryable, modelId: number): Promise<readonly Migration[]> {
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
): Promise<Migration | null> {
  const [found] = await migrations(
    db,
    sql`where source_model_id = ${sourceId} and target_model_id = ${targetId} and state = 'cut_over'
      order by model_migrations.id desc limit 1`,
  )
  return found ?? null
}

export interface MigrationPatch {
  readonly state: MigrationState
  readonly pausedFrom: PausableState | null
  /** If not given, unchanged. */
  readonly reason?: MigrationReason | null
}

/**
 * Sets the state of a migration, with the corresponding date. Only `advance` of the migrate flow may call this.
 */
export async function setMigrationState(
  tx: Queryable,
  id: MigrationId,
  { state, pausedFrom, reason }: MigrationPatch,
): Promise<Migration> {
  const kept = reason === undefined ? raw('reason') : sql`${JSON.stringify(reason)}::jsonb`
  const { rows } = await tx.query<MigrationRow>(sql`
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
  return toMigration(row)
}

export async function setMigrationScope(
  tx: Queryable,
  id: MigrationId,
  scope: MigrationScope,
): Promise<void> {
  await tx.query(sql`
    update model_migrations set scope = ${JSON.stringify(scope)}::jsonb, updated_at = now() where id = ${id}::bigint`)
}

export async function setMigrationSettings(
  tx: Queryable,
  id: MigrationId,
  settings: MigrationSettings,
): Promise<void> {
  await tx.query(sql`
    update model_migrations
    set settings = ${JSON.stringify(settings)}::jsonb, updated_at = now()
    where id = ${id}::bigint`)
}

/** Overrides included. */
export async function setVerification(
  tx: Queryable,
  id: MigrationId,
  verification: Verification,
): Promise<void> {
  await tx.query(sql`
    update model_migrations
    set gates = ${JSON.stringify(verification)}::jsonb, updated_at = now()
    where id = ${id}::bigint`)
}
