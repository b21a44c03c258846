import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { isCopied } from '../attach/copied.ts'
import { literal } from '../catalog.ts'
import { grantsOf } from '../grants.ts'
import { keepPrivate } from '../keep-private.ts'
import { type Place, type TableName, tableOf } from '../layout.ts'

/**
 * Creates a table like the application's: columns, defaults, generated columns, constraints, keys, indexes, comments, row
 * level security with its policies, grants and owner. Its column of vectors has the width of the new place. Numbers come from
 * the original's sequences, so that ids never collide. Indexes of vectors are built later, and triggers are not copied.
 */
export async function createLike(tx: Queryable, from: Place, to: Place): Promise<void> {
  const [original, table] = [from.vectors.table, to.vectors.table]
  await tx.query(
    sql`create table ${tableOf(table)} (like ${tableOf(original)} including all excluding identity)`,
  )
  await keepPrivate(tx, [table])
  if (!isCopied(to)) await retype(tx, from, to)
  for (const statement of await numberedAlike(tx, original, table)) await tx.query(statement)
  for (const statement of await foreignKeysOf(tx, original, table)) await tx.query(statement)
  for (const statement of await securityOf(tx, original, table)) await tx.query(statement)
  for (const statement of await grantsOf(tx, original, table)) await tx.query(statement)
}

/** The column of vectors; what refers to its width says the new one. */
async function retype(tx: Queryable, from: Place, to: Place): Promise<void> {
  const { table, column, dimension, type } = to.vectors
  const name = literal(tableOf(table).text)
  const { rows: indexes } = await tx.query<TableName>(sql`
    select distinct n.nspname as schema, c.relname as name
    from pg_depend d
    join pg_class c on c.oid = d.objid and c.relkind = 'i'
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attname = ${column}
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${name}::regclass`)
  for (const index of indexes) await tx.query(sql`drop index ${tableOf(index)}`)
  const { rows: checks } = await tx.query<{ name: string; definition: string }>(sql`
    select k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attname = ${column}
    where k.conrelid = ${name}::regclass and k.contype = 'c' and a.attnum = any(k.conkey)`)
  const on = tableOf(table)
  for (const check of checks) await tx.query(sql`alter table ${on} drop constraint ${ident(check.name)}`)
  const wanted = pgvector(type === 'halfvec(N)' ? `halfvec(${dimension})` : `vector(${dimension})`)
  await tx.query(sql`
    alter table ${on}
      alter column ${ident(column)} drop default,
      alter column ${ident(column)} type ${wanted} using null`)
  const width = new RegExp(`(?<![\\w.])${from.vectors.dimension}(?![\\w.])`, 'g')
  for (const check of checks) {
    const definition = raw(check.definition.replace(width, String(dimension)))
    await tx.query(sql`alter table ${on} add constraint ${ident(check.name)} ${definition}`)
  }
}

/** An identity belongs to one table; the other one takes numbers from its sequence. */
async function numberedAlike(tx: Queryable, original: TableName, table: TableName): Promise<readonly Sql[]> {
  const { rows } = await tx.query<{ column: string; sequence: string; roles: string[] }>(sql`
    select a.attname as column, s.oid::regclass::text as sequence,
      array(select distinct pg_get_userbyid(g.grantee)::text from aclexplode(t.relacl) g
            where g.grantee not in (0, t.relowner) and g.privilege_type = 'INSERT') as roles
    from pg_attribute a
    join pg_class t on t.oid = a.attrelid
    join pg_depend d on d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'i'
      and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_class'::regclass
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where a.attrelid = ${literal(tableOf(original).text)}::regclass and a.attidentity <> ''`)
  return rows.flatMap(({ column, sequence, roles }) => [
    sql`alter table ${tableOf(table)} alter column ${ident(column)} set default nextval(${literal(sequence)}::regclass)`,
    ...roles.map((role) => sql`grant usage on sequence ${raw(sequence)} to ${ident(role)}`),
  ])
}

async function foreignKeysOf(tx: Queryable, original: TableName, table: TableName): Promise<readonly Sql[]> {
  const { rows } = await tx.query<{ definition: string }>(sql`
    select case when k.confrelid = k.conrelid
        then regexp_replace(pg_get_constraintdef(k.oid), ' REFERENCES .*?\\(', ' REFERENCES ' || ${tableOf(table).text} || '(')
        else pg_get_constraintdef(k.oid) end as definition
    from pg_constraint k
    where k.conrelid = ${literal(tableOf(original).text)}::regclass and k.contype = 'f' and k.conparentid = 0
    order by k.conname`)
  return rows.map(({ definition }) => sql`alter table ${tableOf(table)} add ${raw(definition)}`)
}

/** Row level security as the original has it. */
async function securityOf(tx: Queryable, original: TableName, table: TableName): Promise<readonly Sql[]> {
  const name = literal(tableOf(original).text)
  const { rows: switches } = await tx.query<{ enabled: boolean; forced: boolean }>(sql`
    select relrowsecurity as enabled, relforcerowsecurity as forced from pg_class where oid = ${name}::regclass`)
  const { rows: policies } = await tx.query<{ name: string; rest: string }>(sql`
    select p.polname as name,
      'as ' || case when p.polpermissive then 'permissive' else 'restrictive' end
      || ' for ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
           when 'd' then 'delete' else 'all' end
      || ' to ' || (select string_agg(case when r = 0 then 'public' else quote_ident(pg_get_userbyid(r)) end, ', ')
                    from unnest(p.polroles) r)
      || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
      || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as rest
    from pg_policy p where p.polrelid = ${name}::regclass order by p.polname`)
  const on = tableOf(table)
  const [found] = switches
  return [
    ...policies.map((policy) => sql`create policy ${ident(policy.name)} on ${on} ${raw(policy.rest)}`),
    ...(found?.enabled === true ? [sql`alter table ${on} enable row level security`] : []),
    ...(found?.forced === true ? [sql`alter table ${on} force row level security`] : []),
  ]
}

/** The last of all: then only members of that role may change the table. */
export async function giveToOwner(tx: Queryable, original: TableName, table: TableName): Promise<void> {
  const { rows } = await tx.query<{ owner: string }>(sql`
    select pg_get_userbyid(c.relowner)::text as owner from pg_class c
    where c.oid = ${literal(tableOf(original).text)}::regclass and c.relowner <> (
      select relowner from pg_class where oid = ${literal(tableOf(table).text)}::regclass)`)
  for (const { owner } of rows) await tx.query(sql`alter table ${tableOf(table)} owner to ${ident(owner)}`)
}

/**
 * Making a table like another, of the same owner, takes the rights of that owner.
 *
 * @throws RevectorError DATABASE_PERMISSION_DENIED, UPGRADE_REFUSED where row level security would hide rows
 */
export async function requireOwner(db: Queryable, original: TableName, schema: string): Promise<void> {
  const { rows } = await db.query<{
    role: string
    owner: string
    owns: boolean
    creates: boolean
    hides: boolean
  }>(sql`
    select current_user::text as role, pg_get_userbyid(c.relowner)::text as owner, pg_has_role(c.relowner, 'usage') as owns,
      has_schema_privilege(n.oid, 'create') and has_schema_privilege(c.relowner, n.oid, 'create') as creates,
      row_security_active(c.oid) as hides
    from pg_class c, pg_namespace n
    where c.oid = ${literal(tableOf(original).text)}::regclass and n.nspname = ${schema}`)
  const [found] = rows
  const name = `${original.schema}.${original.name}`
  if (found === undefined) {
    throw new RevectorError('NOT_FOUND', `There is no schema "${schema}".`, {
      hint: 'Name a schema that exists, or none: then the table is made beside the application’s.',
      data: { schema },
    })
  }
  if (!found.owns || !found.creates) {
    const grants = found.owns
      ? [sql`grant create on schema ${ident(schema)} to ${ident(found.owner)}`.text]
      : [sql`grant ${ident(found.owner)} to ${ident(found.role)}`.text]
    throw new RevectorError(
      'DATABASE_PERMISSION_DENIED',
      `The user "${found.role}" may not make a table like ${name} for its owner ${found.owner}. Nothing was changed.`,
      {
        hint: `Have a superuser run: ${grants.join('; ')}. Or connect as a user who may.`,
        data: { role: found.role, owner: found.owner, grants },
      },
    )
  }
  if (!found.hides) return
  throw new RevectorError(
    'UPGRADE_REFUSED',
    `Row level security of ${name} hides rows from "${found.role}", so they could not be kept in step.`,
    { hint: 'Connect as its owner or a superuser.', data: { table: name } },
  )
}
