import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import type { MigrationId, MigrationWorker } from '../wire/migration.ts'

/** Workers with a heartbeat within the last minute or with a batch, and what they hold of this migration. */
export async function workersAtWork(
  db: Queryable,
  migrationId: MigrationId,
): Promise<readonly MigrationWorker[]> {
  const { rows } = await db.query<MigrationWorker>(sql`
    select w.id::text as id, w.host, w.pid, w.started_at as "startedAt", w.heartbeat_at as "heartbeatAt",
      count(b.batch)::int as leases, min(b.lease_until) as "leaseUntil", w.batches::float8 as batches,
      w.chunks::float8 as chunks
    from migration_workers w
    left join migration_batches b
      on b.worker_id = w.id and b.state = 'leased' and b.migration_id = ${migrationId}::bigint
    group by w.id
    having count(b.batch) > 0 or w.heartbeat_at > clock_timestamp() - interval '1 minute'
    order by w.started_at, w.id`)
  return rows
}
