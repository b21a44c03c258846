import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { type Layout, type TableName, tableOf } from '../schema/layout.ts'
import { modelTableName } from '../schema/names.ts'
import { chunkColumns, documentColumns } from './columns.ts'

/** A table of vectors, from the database's catalog. */
export interface ModelTableHealth {
  readonly table: string
  /** Of `chunk_embeddings_model_<id>`; null for another name. */
  readonly modelId: number | null
  /** Whether it has statistics. Without them the planner guesses. */
  readonly analysed: boolean
}

/** The triggers that record what is written to a table: of four. One for replicas only counts as disabled. */
export async function captureTriggers(
  db: Queryable,
  table: TableName,
): Promise<{ readonly enabled: number; readonly expected: number }> {
  const { rows } = await db.query<{ enabled: number }>(sql`
    select count(*)::int as enabled
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_class own on own.oid = to_regclass('pending_chunks') and own.relnamespace = p.pronamespace
    where t.tgrelid = ${tableOf(table).text}::regclass and p.proname = 'revector_capture_chunks'
      and t.tgenabled in ('O', 'A')`)
  return { enabled: rows[0]?.enabled ?? 0, expected: 4 }
}

/** The triggers that keep an application's two tables in step: of four on each. */
export async function mirrorTriggers(
  db: Queryable,
  tables: readonly TableName[],
): Promise<{ readonly enabled: number; readonly expected: number }> {
  const { rows } = await db.query<{ enabled: number }>(sql`
    select count(*)::int as enabled
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_class own on own.oid = to_regclass('pending_chunks') and own.relnamespace = p.pronamespace
    where t.tgrelid = any(${tables.map((table) => tableOf(table).text)}::regclass[]) and p.proname ~ '^revector_mirror_(in|out)$'
      and t.tgenabled in ('O', 'A')`)
  return { enabled: rows[0]?.enabled ?? 0, expected: 4 * tables.length }
}

/** The tables below `chunk_embeddings`, whether a model is registered for them or not. */
export async function modelTablesHealth(db: Queryable): Promise<readonly ModelTableHealth[]> {
  const { rows } = await db.query<ModelTableHealth>(sql`
    select c.relname as table, substring(c.relname from '^chunk_embeddings_model_([0-9]+)$')::int as "modelId",
      c.reltuples >= 0 as analysed
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass('chunk_embeddings')
    union all
    -- An application's vectors: whether their table is analysed is its affair.
    select v.relname, substring(v.relname from '([0-9]+)$')::int, true
    from pg_class v join pg_class parent on parent.relnamespace = v.relnamespace
    where parent.oid = to_regclass('chunk_embeddings') and v.relkind = 'v'
      and v.relname ~ '^chunk_embeddings_model_[0-9]+$'
    order by 2`)
  return rows
}

/**
 * Vectors whose chunk is gone. Only an adopted table may have some, if it lacks the foreign key that Revector's
 * own tables have.
 */
export async function countOrphanVectors(db: Queryable, layout: Layout, modelId: number): Promise<number> {
  const c = chunkColumns(layout)
  const { rows } = await db.query<{ count: string }>(sql`
    select count(*) as count
    from ${ident(modelTableName(modelId))} e
    where not exists (select from ${c.table} c where c.${c.id} = e.chunk_id)`)
  return Number(rows[0]?.count ?? 0)
}

/** Chunks whose document is gone: searches find them without a title. */
export async function countOrphanChunks(db: Queryable, layout: Layout): Promise<number> {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  const { rows } = await db.query<{ count: string }>(sql`
    select count(*) as count
    from ${c.table} c
    where not exists (select from ${d.table} d where d.${d.id} = c.${c.documentId})`)
  return Number(rows[0]?.count ?? 0)
}

export async function countQuarantined(db: Queryable): Promise<ReadonlyMap<number, number>> {
  const { rows } = await db.query<{ modelId: number; count: string }>(sql`
    select model_id as "modelId", count(*) as count from quarantined_chunks group by model_id`)
  return new Map(rows.map((row) => [row.modelId, Number(row.count)]))
}

/** An open migration, with the signs of whether any worker is active. */
export interface OpenMigrationHealth {
  readonly id: string
  readonly state: string
  readonly sourceModel: string
  readonly targetModel: string
  readonly targetModelId: number | null
  readonly reason: { readonly code: string; readonly message: string; readonly hint: string } | null
  /** Batches whose lease has expired. */
  readonly expiredLeases: number
  /** Batches that are leased. */
  readonly liveLeases: number
  readonly idleSeconds: number
}

export async function openMigrationsHealth(db: Queryable): Promise<readonly OpenMigrationHealth[]> {
  const { rows } = await db.query<OpenMigrationHealth>(sql`
    select m.id::text as id, m.state, m.source_model as "sourceModel", m.target_model as "targetModel",
      m.target_model_id as "targetModelId", m.reason,
      (select count(*)::int from migration_batches b
        where b.migration_id = m.id and b.state = 'leased' and b.lease_until < clock_timestamp()) as "expiredLeases",
      (select count(*)::int from migration_batches b
        where b.migration_id = m.id and b.state = 'leased' and b.lease_until >= clock_timestamp()) as "liveLeases",
      extract(epoch from clock_timestamp() - m.updated_at)::float8 as "idleSeconds"
    from model_migrations m
    where m.state in ('planned', 'filling', 'indexing', 'verifying', 'ready', 'paused')
    order by m.id`)
  return rows
}

/** Workers that sent a heartbeat in the last minute. */
export async function countLiveWorkers(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: string }>(sql`
    select count(*) as count from migration_workers
    where heartbeat_at > clock_timestamp() - interval '1 minute'`)
  return Number(rows[0]?.count ?? 0)
}
