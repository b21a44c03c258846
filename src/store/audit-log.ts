import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import type { AuditEntry, NewAuditEntry } from '../wire/access.ts'
import { isId } from './ids.ts'

/** Returns the entry's id. */
export async function insertAuditEntry(tx: Queryable, entry: NewAuditEntry): Promise<string> {
  const { actor, action, subject = '', status = null, requestId = null, data = {} } = entry
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into revector_audit_log (actor, action, subject, status, request_id, data)
    values (${actor}, ${action}, ${subject}, ${status}::int, ${requestId}, ${JSON.stringify(data)}::jsonb)
    returning id::text as id`)
  return rows[0]?.id ?? ''
}

export async function closeAuditEntry(db: Queryable, id: string, status: number): Promise<void> {
  await db.query(sql`update revector_audit_log set status = ${status} where id = ${id}::bigint`, {
    idempotent: true,
  })
}

/** Newest first; entries before a given one, if there is one. */
export async function auditPage(
  db: Queryable,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<readonly AuditEntry[]> {
  if (before !== undefined && !isId('bigint', before)) return []
  const older = before === undefined ? raw('true') : sql`id < ${before}::bigint`
  const { rows } = await db.query<AuditEntry>(sql`
    select id::text as id, at, actor, action, subject, status, request_id as "requestId", data
    from revector_audit_log
    where ${older}
    order by revector_audit_log.id desc
    limit ${limit}`)
  return rows
}
