import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import type { Migration, MigrationId, MigrationScope } from '../wire/migration.ts'
import { chunkColumns } from './columns.ts'
import { hasText, inScope } from './scope.ts'

export type Progress = Pick<Migration, 'embedded' | 'reused' | 'tokens' | 'costUsd'>

/** Call in the transaction that stores a batch. @returns what all workers together have made since the start */
export async function addProgress(
  tx: Queryable,
  migrationId: MigrationId,
  { embedded, reused, tokens, costUsd }: Progress,
): Promise<Progress> {
  const { rows } = await tx.query<Progress>(sql`
    update model_migrations
    set embedded = embedded + ${embedded}::bigint, reused = reused + ${reused}::bigint,
      tokens = tokens + ${tokens}::bigint, cost_usd = cost_usd + ${costUsd}::numeric, updated_at = now()
    where id = ${migrationId}
    returning embedded::float8 as embedded, reused::float8 as reused, tokens::float8 as tokens,
      cost_usd::float8 as "costUsd"`)
  return rows[0] ?? { embedded: 0, reused: 0, tokens: 0, costUsd: 0 }
}

/**
 * Money spent so far; locks the migration's row until the transaction ends, so that claims happen one at a
 * time.
 */
export async function lockSpending(tx: Queryable, migrationId: MigrationId): Promise<number> {
  const { rows } = await tx.query<{ cost: number }>(sql`
    select cost_usd::float8 as cost from model_migrations where id = ${migrationId} for no key update`)
  return rows[0]?.cost ?? 0
}

/**
 * After the batches were cut: stores how many chunks there are in scope and, once, the calibration sample.
 *
 * @returns whether the migration is still filling; otherwise the new batches must be discarded
 */
export async function noteEnqueued(
  tx: Queryable,
  layout: Layout,
  request: {
    readonly migrationId: MigrationId
    readonly scope: MigrationScope
    readonly calibration: readonly ChunkId[]
  },
): Promise<boolean> {
  const c = chunkColumns(layout)
  const { rowCount } = await tx.query(sql`
    update model_migrations
    set total_chunks = (
        select count(*) from ${c.table} c where ${hasText(layout)} and ${inScope(layout, request.scope)}
      ),
      calibration = case when calibration = '{}' then ${request.calibration}::text[] else calibration end,
      updated_at = now()
    where id = ${request.migrationId} and state = 'filling'`)
  return rowCount === 1
}

/** Whether this transaction may cut the batches of a migration; another one may be doing it. */
export async function mayEnqueue(tx: Queryable, migrationId: MigrationId): Promise<boolean> {
  await tx.query(sql`set local statement_timeout = 0`)
  const { rows } = await tx.query<{ taken: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended(
      'revector enqueue ' || 'model_migrations'::regclass::oid::text || ' ' || ${migrationId}::text, 0)) as taken`)
  return rows[0]?.taken === true
}
