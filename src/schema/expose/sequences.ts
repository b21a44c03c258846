import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import { type TableName, tableOf } from '../layout.ts'

interface Numbered {
  readonly column: string
  readonly sequence: string
  /** '' or as PostgreSQL has it: `a`lways or by `d`efault. */
  readonly identity: string
}

/**
 * Gives a table the sequences that its numbers come from, so that dropping the table they were made for does no harm. An
 * identity's sequence can't be given away: the column becomes an identity itself, and counts on.
 */
export async function ownSequences(tx: Queryable, original: TableName, table: TableName): Promise<void> {
  const { rows } = await tx.query<Numbered>(sql`
    select a.attname as column, s.oid::regclass::text as sequence, o.attidentity::text as identity
    from pg_depend owned
    join pg_class s on s.oid = owned.objid and s.relkind = 'S'
    join pg_attribute o on o.attrelid = owned.refobjid and o.attnum = owned.refobjsubid
    join pg_depend used on used.classid = 'pg_attrdef'::regclass and used.refclassid = 'pg_class'::regclass
      and used.refobjid = s.oid
    join pg_attrdef d on d.oid = used.objid and d.adrelid = ${literal(tableOf(table).text)}::regclass
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    where owned.classid = 'pg_class'::regclass and owned.refclassid = 'pg_class'::regclass
      and owned.deptype in ('a', 'i') and owned.refobjid = ${literal(tableOf(original).text)}::regclass`)
  for (const { column, sequence, identity } of rows) {
    if (identity === '') {
      await tx.query(sql`alter sequence ${raw(sequence)} owned by ${tableOf(table)}.${ident(column)}`)
      continue
    }
    const { rows: reached } = await tx.query<{ next: string }>(sql`
      select (case when is_called then last_value + 1 else last_value end)::text as next from ${raw(sequence)}`)
    await tx.query(sql`
      alter table ${tableOf(table)}
        alter column ${ident(column)} drop default,
        alter column ${ident(column)} add generated ${raw(identity === 'a' ? 'always' : 'by default')} as identity
          (start with ${raw(reached[0]?.next ?? '1')})`)
  }
}
