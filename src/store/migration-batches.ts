import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable } from '../schema/model-table.ts'
import type { MigrationId, MigrationScope } from '../wire/migration.ts'
import { chunkColumns } from './columns.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hashedOrder, hasText, inScope } from './scope.ts'
import { hasCurrentVector } from './stale.ts'

/** Chunks that one call of the provider embeds. */
export interface Batch {
  readonly migrationId: MigrationId
  readonly batch: string
  readonly chunkIds: readonly ChunkId[]
  readonly estimateTokens: number
  /**
   * How often it has been leased. Together with the worker it identifies one lease: a later lease of the batch
   * has a higher number.
   */
  readonly attempts: number
  /** Failures of the provider in a row. */
  readonly failures: number
}

/** A worker's lease of a batch. */
export interface Lease extends Batch {
  readonly workerId: string
}

/** How long a lease lasts unless its worker renews it, in ms. */
export type LeaseMs = number

/** Why a batch was released; `failures` counts consecutive ones. */
export interface BatchError {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/**
 * Cuts the chunks that a model lacks into batches: the first chunk of every text (storing it serves its twins),
 * in hashed order, so that what is filled is a fair sample at every moment. Chunks of an adopted table without
 * a content hash come together with the first of their text. Must run when no batch of the migration is left,
 * under a lock.
 */
export async function enqueueBatches(
  tx: Queryable,
  layout: Layout,
  model: StoredSpace,
  request: {
    readonly migrationId: MigrationId
    readonly scope: MigrationScope
    readonly items: number
    readonly tokens: number
  },
): Promise<{ readonly batches: number; readonly chunks: number }> {
  const c = chunkColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    tx.query<{ batches: number; chunks: number }>(sql`
      with lacking as materialized (
        select c.${c.id} as id, c.${c.contentHash} is null as unhashed,
          coalesce(c.${c.contentHash}, md5(c.${c.content})) collate "C" as key,
          coalesce(c.${c.tokenCount}, octet_length(c.${c.content}) / 4) + 1 as tokens,
          row_number() over (order by ${hashedOrder(layout)}) as place
        from ${c.table} c
        where ${hasText(layout)} and ${inScope(layout, request.scope)}
          and not exists (
            select from ${modelTable(model.id)} e
            where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
          )
          and not exists (
            select from quarantined_chunks q where q.chunk_id = c.${c.id} and q.model_id = ${model.id}
          )
      ), firsts as (
        select distinct on (key) key, place, tokens from lacking order by key, place
      ), counted as (
        select key, place, tokens,
          (row_number() over (order by place) - 1) / ${request.items}::bigint as by_items,
          sum(tokens) over (order by place) / ${request.tokens}::bigint as by_tokens
        from firsts
      ), cut as (
        -- Numbers are never reused, so that a lease of an earlier round never matches a batch of this one.
        select key, place, tokens,
          (extract(epoch from now()) * 1000)::bigint * 1000
            + dense_rank() over (order by by_items, by_tokens) as batch
        from counted
      ), made as (
        insert into migration_batches (migration_id, batch, chunk_ids, estimate_tokens)
        select ${request.migrationId}::bigint, cut.batch, array_agg(l.id::text order by l.place),
          sum(l.tokens) filter (where l.place = cut.place)
        from cut
        join lacking l on l.key = cut.key and (l.place = cut.place or l.unhashed)
        group by cut.batch
        returning cardinality(chunk_ids) as chunks
      )
      select count(*)::int as batches, coalesce(sum(chunks), 0)::float8 as chunks from made`),
  )
  return rows[0] ?? { batches: 0, chunks: 0 }
}

/** The first chunks in the order of the batches. */
export async function firstOfBatches(
  db: Queryable,
  migrationId: MigrationId,
  limit: number,
): Promise<readonly ChunkId[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    select u.id
    from migration_batches b cross join unnest(b.chunk_ids) with ordinality as u (id, place)
    where b.migration_id = ${migrationId}
    order by b.batch, u.place
    limit ${limit}`)
  return rows.map((row) => row.id)
}

/**
 * Leases the next batch that is waiting or whose lease has expired, while the migration is filling; null if
 * there is none. Batches that other workers are claiming at this moment are skipped.
 */
export async function claimBatch(
  db: Queryable,
  migrationId: MigrationId,
  workerId: string,
  leaseMs: LeaseMs,
): Promise<Lease | null> {
  const { rows } = await db.query<Lease>(sql`
    -- Materialized, or a plan may run it for each row of the table and lease them all.
    with next as materialized (
      select batch from migration_batches
      where migration_id = ${migrationId} and (state = 'waiting' or lease_until < clock_timestamp())
        and exists (select from model_migrations where id = ${migrationId} and state = 'filling')
      order by batch
      limit 1
      for update skip locked
    )
    update migration_batches b
    set state = 'leased', worker_id = ${workerId}::uuid, attempts = b.attempts + 1,
      lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
    from next
    where b.migration_id = ${migrationId} and b.batch = next.batch
    returning b.migration_id::float8 as "migrationId", b.worker_id::text as "workerId", b.batch::text as batch,
      b.chunk_ids as "chunkIds", b.estimate_tokens::float8 as "estimateTokens", b.attempts,
      coalesce((b.last_error->>'failures')::int, 0) as failures`)
  return rows[0] ?? null
}

/** Finishes a batch, in the transaction that stores it. @returns whether the lease was still valid */
export async function finishBatch(tx: Queryable, lease: Lease): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    delete from migration_batches
    where migration_id = ${lease.migrationId} and batch = ${lease.batch}
      and worker_id = ${lease.workerId}::uuid and attempts = ${lease.attempts}`)
  return rowCount === 1
}

/** Releases a batch: with an error, or without one if the worker was asked to stop. */
export async function releaseBatch(db: Queryable, lease: Lease, error: BatchError | null): Promise<void> {
  const failed = error === null ? null : JSON.stringify({ ...error, failures: lease.failures + 1 })
  await db.query(sql`
    update migration_batches
    set state = 'waiting', worker_id = null, lease_until = null, last_error = coalesce(${failed}::jsonb, last_error)
    where migration_id = ${lease.migrationId} and batch = ${lease.batch}
      and worker_id = ${lease.workerId}::uuid and attempts = ${lease.attempts}`)
}

/**
 * Renews leases. Only those that the worker knows: one whose claim was committed while the connection was lost
 * has to expire.
 */
export async function extendLeases(
  db: Queryable,
  workerId: string,
  leases: readonly Lease[],
  leaseMs: LeaseMs,
): Promise<void> {
  if (leases.length === 0) return
  await db.query(sql`
    update migration_batches b
    set lease_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
    from unnest(
      ${leases.map((lease) => lease.migrationId)}::bigint[],
      ${leases.map((lease) => lease.batch)}::bigint[],
      ${leases.map((lease) => lease.attempts)}::int[]
    ) as held (migration_id, batch, attempts)
    where b.migration_id = held.migration_id and b.batch = held.batch and b.attempts = held.attempts
      and b.worker_id = ${workerId}::uuid`)
}

/** Releases the batches of a worker that is known to be dead. @returns the number of batches */
export async function releaseBatchesOf(db: Queryable, workerId: string): Promise<number> {
  const { rowCount } = await db.query(sql`
    update migration_batches set state = 'waiting', worker_id = null, lease_until = null
    where state = 'leased' and worker_id = ${workerId}::uuid`)
  return rowCount
}

/** After a pause, failures are counted from 0 again. */
export async function forgetFailures(db: Queryable, migrationId: MigrationId): Promise<void> {
  await db.query(sql`
    update migration_batches set last_error = last_error - 'failures'
    where migration_id = ${migrationId} and last_error ? 'failures'`)
}

/** The remaining work of a migration. */
export interface BatchesLeft {
  readonly batches: number
  /** Estimated tokens of the batches in flight: money that is about to be spent. */
  readonly leasedTokens: number
  /** Milliseconds until a batch can be claimed; null if none is left. */
  readonly claimableInMs: number | null
}

export async function batchesLeft(db: Queryable, migrationId: MigrationId): Promise<BatchesLeft> {
  const { rows } = await db.query<BatchesLeft>(sql`
    select count(*)::int as batches,
      coalesce(sum(estimate_tokens) filter (where state = 'leased'), 0)::float8 as "leasedTokens",
      1000 * min(greatest(0, coalesce(extract(epoch from lease_until - clock_timestamp()), 0)))::float8
        as "claimableInMs"
    from migration_batches
    where migration_id = ${migrationId}`)
  return rows[0] ?? { batches: 0, leasedTokens: 0, claimableInMs: null }
}

/**
 * Deletes the remaining batches of a migration; a worker that still has one in flight can't store it any more.
 */
export async function deleteBatches(tx: Queryable, migrationId: MigrationId): Promise<number> {
  const { rowCount } = await tx.query(sql`
    delete from migration_batches where migration_id = ${migrationId}`)
  return rowCount
}
