import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

/** Another worker, by its last heartbeat. */
export interface WorkerRow {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly startedAt: Date
}

export async function insertWorker(
  db: Queryable,
  worker: { readonly id: string; readonly host: string; readonly pid: number },
): Promise<void> {
  await db.query(sql`
    insert into migration_workers (id, host, pid) values (${worker.id}::uuid, ${worker.host}, ${worker.pid})
    on conflict (id) do nothing`)
}

/** Heartbeat of a worker. A worker whose row was deleted while it could not send one appears again. */
export async function beat(
  db: Queryable,
  worker: {
    readonly id: string
    readonly host: string
    readonly pid: number
    readonly batches: number
    readonly chunks: number
  },
): Promise<void> {
  await db.query(sql`
    insert into migration_workers as w (id, host, pid, batches, chunks)
    values (${worker.id}::uuid, ${worker.host}, ${worker.pid}, ${worker.batches}, ${worker.chunks})
    on conflict (id) do update
      set heartbeat_at = clock_timestamp(), batches = excluded.batches, chunks = excluded.chunks`)
}

export async function deleteWorker(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from migration_workers where id = ${id}::uuid`)
}

/** Deletes workers without a heartbeat for that long. */
export async function deleteSilentWorkers(db: Queryable, silentMs: number): Promise<readonly WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(sql`
    delete from migration_workers
    where heartbeat_at < clock_timestamp() - ${silentMs}::float8 * interval '1 millisecond'
    returning id::text as id, host, pid, started_at as "startedAt"`)
  return rows
}

/** Deletes workers that started before a moment at which none of them can have been alive. */
export async function deleteWorkersFromBefore(db: Queryable, moment: Date): Promise<readonly WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(sql`
    delete from migration_workers where started_at < ${moment}
    returning id::text as id, host, pid, started_at as "startedAt"`)
  return rows
}
