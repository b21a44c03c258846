import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, sql } from '../../postgres/sql.ts'
import { type Place, type TableName, tableOf } from '../layout.ts'
import type { Grant } from '../rights.ts'
import { isCopied } from './copied.ts'

/** A table of an application, and whether triggers are put on it. */
export interface Touched extends TableName {
  readonly trigger: boolean
  /** A column that is written. */
  readonly writes?: string
}

export function touchedBy(place: Place): readonly Touched[] {
  const { table, vectors } = place
  const isSame = table.schema === vectors.table.schema && table.name === vectors.table.name
  return [{ ...table, trigger: true }, ...(isSame ? [] : [{ ...vectors.table, trigger: isCopied(place) }])]
}

/**
 * What a role needs to adopt these tables; null: the user of the connection. Reads only the catalog.
 *
 * @throws RevectorError NOT_FOUND if there is no such role
 */
export async function adoptionGrants(
  db: Queryable,
  role: string | null,
  tables: readonly Touched[],
): Promise<{ readonly role: string; readonly grants: readonly Grant[] }> {
  const { rows: found } = await db.query<{ role: string; database: string; create: boolean }>(sql`
    select rolname as role, current_database() as database,
      has_database_privilege(oid, current_database(), 'create') as create
    from pg_roles where rolname = coalesce(${role}::text, current_user)`)
  const [who] = found
  if (who === undefined) {
    throw new RevectorError('NOT_FOUND', `The server has no role "${role}".`, {
      hint: 'Create it first (create role … login), or correct the name.',
      data: { role },
    })
  }
  const to = ident(who.role)
  const grants: Grant[] = [
    { statement: sql`grant create on database ${ident(who.database)} to ${to}`.text, held: who.create },
  ]
  for (const table of tables) {
    const { rows } = await db.query<{
      usage: boolean
      select: boolean
      trigger: boolean
      update: boolean
    }>(sql`
      select has_schema_privilege(${who.role}, c.relnamespace, 'usage') as usage,
        has_table_privilege(${who.role}, c.oid, 'select') as select,
        has_table_privilege(${who.role}, c.oid, 'trigger') as trigger,
        ${table.writes ?? null}::text is null or exists (
          select from pg_attribute a where a.attrelid = c.oid and a.attname = ${table.writes ?? null}
            and has_column_privilege(${who.role}, c.oid, a.attnum, 'update')) as update
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${table.schema} and c.relname = ${table.name}`)
    const has = rows[0]
    const name = tableOf(table)
    const right = table.trigger ? sql`select, trigger` : sql`select`
    grants.push(
      {
        statement: sql`grant usage on schema ${ident(table.schema)} to ${to}`.text,
        held: has?.usage === true,
      },
      {
        statement: sql`grant ${right} on ${name} to ${to}`.text,
        held: has?.select === true && (has.trigger || !table.trigger),
      },
      ...(table.writes === undefined
        ? []
        : [
            {
              statement: sql`grant update (${ident(table.writes)}) on ${name} to ${to}`.text,
              held: has?.update === true,
            },
          ]),
    )
  }
  const seen = new Set<string>()
  return {
    role: who.role,
    grants: grants.filter(({ statement }) => !seen.has(statement) && seen.add(statement)),
  }
}

/**
 * Before anything is made.
 *
 * @throws RevectorError DATABASE_PERMISSION_DENIED with the missing grants in `data.grants`
 */
export async function requireAdoptionRights(
  db: Queryable,
  tables: readonly Touched[],
  { makes }: { readonly makes: boolean },
): Promise<void> {
  const { role, grants } = await adoptionGrants(db, null, tables)
  const missing = (makes ? grants : grants.slice(1))
    .filter(({ held }) => !held)
    .map(({ statement }) => statement)
  if (missing.length === 0) return
  const names = tables.map(({ schema, name }) => `${schema}.${name}`).join(' and ')
  throw new RevectorError(
    'DATABASE_PERMISSION_DENIED',
    `The user "${role}" may not adopt ${names}. Nothing was changed.`,
    {
      hint: `Have the owner or a superuser run: ${missing.join('; ')}.`,
      data: { role, grants: missing },
    },
  )
}
