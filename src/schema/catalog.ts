import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import type { TableName } from './layout.ts'

/** The table that a plain name resolves to on the search path, or null. */
export async function findTable(db: Queryable, name: string): Promise<TableName | null> {
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass(quote_ident(${name}::text))`)
  return rows[0] ?? null
}

/** Whether the schema has a table, index, view or sequence with this name. */
export async function relationExists(db: Queryable, { schema, name }: TableName): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name}`)
  return rows.length > 0
}

/** Whether the table has a constraint with this name, and whether it is validated. */
export async function constraintState(
  db: Queryable,
  table: TableName,
  constraint: string,
): Promise<'missing' | 'not valid' | 'valid'> {
  const { rows } = await db.query<{ valid: boolean }>(sql`
    select k.convalidated as valid
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name} and k.conname = ${constraint}`)
  if (rows[0] === undefined) return 'missing'
  return rows[0].valid ? 'valid' : 'not valid'
}

/**
 * Whether an index with this name exists, and whether it is usable (after an interrupted concurrent build it is
 * not).
 */
export async function indexState(
  db: Queryable,
  { schema, name }: TableName,
): Promise<'missing' | 'invalid' | 'valid'> {
  const { rows } = await db.query<{ valid: boolean }>(sql`
    select i.indisvalid and i.indisready as valid
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name}`)
  if (rows[0] === undefined) return 'missing'
  return rows[0].valid ? 'valid' : 'invalid'
}

export async function columnExists(db: Queryable, table: TableName, column: string): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name}
      and a.attname = ${column} and a.attnum > 0 and not a.attisdropped`)
  return rows.length > 0
}

/** A name as PostgreSQL generates it, truncated as PostgreSQL does: at most 63 bytes. */
export function shortName(name: string): string {
  let short = name
  while (Buffer.byteLength(short) > 63) short = short.slice(0, -1)
  return short
}

/** A text literal inside DDL, where parameters are not allowed. */
export function literal(value: string): Sql {
  const quoted = `'${value.replaceAll("'", "''")}'`
  return raw(value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted)
}
