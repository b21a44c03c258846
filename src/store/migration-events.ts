import type {
  MigrationEvent,
  MigrationEventData,
  MigrationEventType,
  MigrationId,
} from '../core/migration.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import { isId } from './ids.ts'

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
  page: {
    readonly migrationId?: MigrationId
    readonly after?: string
    readonly limit: number
  },
): Promise<readonly MigrationEvent[]> {
  const { migrationId, after, limit } = page
  if (after !== undefined && !isId('bigint', after)) return []
  const of = migrationId === undefined ? raw('true') : sql`migration_id = ${migrationId}::bigint`
  const { rows } = await db.query<MigrationEvent>(sql`
    select id::text as id, migration_id::text as "migrationId", at, actor, type, data
    from migration_events
    where ${of} and id > ${after ?? '0'}::bigint
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
  const { rows } = await db.query<{ chunks: string; seconds: number | null }>(sql`
    select coalesce(sum((data->>'chunks')::bigint), 0)::text as chunks,
      least(60, extract(epoch from clock_timestamp() - (
        select max(at) from migration_events
        where migration_id = ${migrationId}::bigint and type in ('started', 'resumed', 'widened')
      )))::float8 as seconds
    from migration_events
    where migration_id = ${migrationId}::bigint and type = 'batch' and at > clock_timestamp() - interval '1 minute'`)
  const [row] = rows
  return { chunks: Number(row?.chunks ?? 0), seconds: row?.seconds ?? 60 }
}
