import type { Queryable } from '../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../postgres/sql.ts'
import { type TableName, tableOf } from './layout.ts'

interface Grant {
  /** PostgreSQL's privilege: SELECT, INSERT, … */
  readonly privilege: string
  readonly column: string | null
  readonly grantable: boolean
  readonly role: string | null
}

/**
 * The statements that grant every role the same privileges on one table or sequence as on another.
 *
 * @param renamed the names that columns of the first have in the second
 */
export async function grantsOf(
  db: Queryable,
  from: TableName,
  to: TableName,
  { kind = 'table', renamed = (column) => column }: GrantOptions = {},
): Promise<Sql[]> {
  const { rows } = await db.query<Grant>(sql`
    select g.privilege_type as privilege, null as column, g.is_grantable as grantable,
           case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as role
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(c.relacl) g
    where n.nspname = ${from.schema} and c.relname = ${from.name} and g.grantee <> c.relowner
    union all
    select g.privilege_type, a.attname, g.is_grantable,
           case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join lateral aclexplode(a.attacl) g
    where n.nspname = ${from.schema} and c.relname = ${from.name} and g.grantee <> c.relowner`)
  return rows.map((grant) => {
    const column = grant.column === null ? raw('') : sql` (${ident(renamed(grant.column))})`
    const role = grant.role === null ? raw('public') : ident(grant.role)
    const option = raw(grant.grantable ? ' with grant option' : '')
    return sql`grant ${raw(grant.privilege)}${column} on ${raw(kind)} ${tableOf(to)} to ${role}${option}`
  })
}

/** The statements that let every role which may add rows to the table use the sequence that numbers them. */
export async function numberingGrants(db: Queryable, table: TableName, sequence: TableName): Promise<Sql[]> {
  const { rows } = await db.query<{ role: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee)::text end as role
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (
      select * from aclexplode(c.relacl)
      union all
      select e.* from pg_attribute a cross join lateral aclexplode(a.attacl) e where a.attrelid = c.oid) g
    where n.nspname = ${table.schema} and c.relname = ${table.name}
      and g.privilege_type = 'INSERT' and g.grantee <> c.relowner`)
  return rows.map(
    ({ role }) =>
      sql`grant usage on sequence ${tableOf(sequence)} to ${role === null ? raw('public') : ident(role)}`,
  )
}

interface GrantOptions {
  readonly kind?: 'table' | 'sequence'
  readonly renamed?: (column: string) => string
}
