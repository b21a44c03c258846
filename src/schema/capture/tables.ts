import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { type TableName, tableOf } from '../layout.ts'

/** How triggers can follow a table: partitions and their parents have no transition tables. */
export async function eachOf(tx: Queryable, table: TableName): Promise<'row' | 'statement'> {
  const { rows } = await tx.query<{ partitions: boolean }>(sql`
    select relkind = 'p' or relispartition as partitions from pg_class where oid = ${tableOf(table).text}::regclass`)
  return rows[0]?.partitions === true ? 'row' : 'statement'
}

/** Tables that inherit from it other than as partitions: their triggers are their own. */
export async function heirsOf(tx: Queryable, table: TableName): Promise<readonly TableName[]> {
  return (await familyOf(tx, table)).filter((one) => one.heir)
}

/** The table and all below it. */
export async function familyOf(
  tx: Queryable,
  table: TableName,
): Promise<readonly (TableName & { readonly heir: boolean })[]> {
  const { rows } = await tx.query<TableName & { heir: boolean }>(sql`
    with recursive family as (
      select ${tableOf(table).text}::regclass::oid as oid
      union select i.inhrelid from pg_inherits i join family f on i.inhparent = f.oid
    )
    select n.nspname as schema, c.relname as name,
      not c.relispartition and c.oid <> ${tableOf(table).text}::regclass as heir
    from family join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') order by 1, 2`)
  return rows
}
