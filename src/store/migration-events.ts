import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import type { MigrationId } from '../wire/migration.ts'
import type { MigrationEvent, MigrationEventData, MigrationEventType } from '../wire/migration-event.ts'

/** Records an event, in the transaction of the action. Null: it belongs to no single migration. */
export async function recordEvent<Type extends MigrationEventType>(
  tx: Queryable,
  event: {
    readonly migrationId: MigrationId | null
    readonly actor: string
    readonly type: Type
    readonly data: MigrationEventData[Type]
  },
): Promise<void> {
  await tx.query(sql`
    insert into migration_events (migration_id, actor, type, data)
    values (${event.migrationId}::bigint, ${event.actor}, ${event.type}, ${JSON.stringify(event.data)}::jsonb)`)
}

/** Events of one migration or, without an id, of all, after a given event; oldest first. */
export async function eventsAfter(
  db: Queryable,
  page: { readonly migrationId?: MigrationId; readonly after?: number; readonly limit: number },
): Promise<readonly MigrationEvent[]> {
  const { migrationId, after = 0, limit } = page
  // What can't be an id comes after all of them.
  if (!Number.isSafeInteger(after)) return []
  const of = migrationId === undefined ? raw('true') : sql`migration_id = ${migrationId}::bigint`
  const { rows } = await db.query<MigrationEvent>(sql`
    select id::float8 as id, migration_id::float8 as "migrationId", at, actor, type, data
    from migration_events
    where ${of} and id > ${after}::bigint
    order by migration_events.id
    limit ${limit}`)
  return rows
}

export async function hasEvent(
  db: Queryable,
  migrationId: MigrationId,
  type: MigrationEventType,
): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from migration_events where migration_id = ${migrationId}::bigint and type = ${type} limit 1`)
  return rows.length > 0
}

/** Chunks stored within the last minute, and the seconds this covers: fewer if the fill started within it. */
export async function recentSpeed(
  db: Queryable,
  migrationId: MigrationId,
): Promise<{ readonly chunks: number; readonly seconds: number }> {
  const { rows } = await db.query<{ chunks: number; seconds: number }>(sql`
    select coalesce(sum((data->>'chunks')::bigint), 0)::float8 as chunks,
      least(60, extract(epoch from clock_timestamp() - (
        select max(at) from migration_events
        where migration_id = ${migrationId}::bigint and type in ('started', 'resumed', 'widened')
      )))::float8 as seconds
    from migration_events
    where migration_id = ${migrationId}::bigint and type = 'batch' and at > clock_timestamp() - interval '1 minute'`)
  return rows[0] ?? { chunks: 0, seconds: 60 }
}
