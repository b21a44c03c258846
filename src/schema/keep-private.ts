import type { Queryable } from '../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../postgres/sql.ts'
import { type TableName, tableOf } from './layout.ts'

interface Given {
  readonly kind: 'table' | 'sequence'
  readonly schema: string
  readonly name: string
  /** Null: PUBLIC. */
  readonly role: string | null
}

/**
 * Takes away what default privileges gave on tables and views that this transaction created, and on their sequences: to be called before
 * anything else is granted. Hosted databases give every new table to the roles of their APIs, which could change where a
 * provider's key is sent.
 */
export async function keepPrivate(tx: Queryable, tables: readonly TableName[]): Promise<void> {
  const { rows } = await tx.query<Given>(sql`
    with created as (
      select c.oid, c.relacl, c.relowner, 'table' as kind, n.nspname as schema, c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where (n.nspname, c.relname) in (
        select * from unnest(${tables.map((one) => one.schema)}::text[], ${tables.map((one) => one.name)}::text[]))
    ), sequences as (
      select s.oid, s.relacl, s.relowner, 'sequence' as kind, n.nspname as schema, s.relname as name
      from created t
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid
        and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      join pg_class s on s.oid = d.objid and s.relkind = 'S'
      join pg_namespace n on n.oid = s.relnamespace
    )
    select distinct kind, schema, name, case when g.grantee = 0 then null else pg_get_userbyid(g.grantee)::text end as role
    from (select * from created union all select * from sequences) c
    cross join lateral aclexplode(c.relacl) g
    where g.grantee <> c.relowner`)
  for (const { kind, schema, name, role } of rows) {
    await tx.query(sql`revoke all on ${raw(kind)} ${tableOf({ schema, name })} from ${grantee(role)}`)
  }
}

/**
 * The same as statements, for what is created and granted in one batch with others: to be run after the relation was created,
 * before it is granted.
 */
export async function revokesOf(
  db: Queryable,
  relation: TableName,
  kind: Given['kind'] = 'table',
): Promise<readonly Sql[]> {
  const { rows } = await db.query<{ role: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee)::text end as role
    from pg_default_acl d
    cross join lateral aclexplode(d.defaclacl) g
    left join pg_namespace n on n.oid = d.defaclnamespace
    where pg_get_userbyid(d.defaclrole) = current_user and g.grantee <> d.defaclrole
      and d.defaclobjtype = ${kind === 'table' ? 'r' : 'S'} and (n.oid is null or n.nspname = ${relation.schema})`)
  return rows.map(({ role }) => sql`revoke all on ${raw(kind)} ${tableOf(relation)} from ${grantee(role)}`)
}

/** The same, for a schema that this transaction created. */
export async function keepSchemaPrivate(tx: Queryable, schema: string): Promise<void> {
  const { rows } = await tx.query<{ role: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee)::text end as role
    from pg_namespace n cross join lateral aclexplode(n.nspacl) g
    where n.nspname = ${schema} and g.grantee <> n.nspowner`)
  for (const { role } of rows) {
    await tx.query(sql`revoke all on schema ${ident(schema)} from ${grantee(role)}`)
  }
}

/** A role, as in a grant; null: PUBLIC. */
export function grantee(role: string | null): Sql {
  return role === null ? raw('public') : ident(role)
}
