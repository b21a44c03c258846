import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import type { TableName } from '../layout.ts'

/**
 * The table that an operator means: as it is spelled, or quoted as in SQL.
 *
 * @throws RevectorError NOT_FOUND, INVALID_INPUT if several schemas have one
 */
export async function namedTable(db: Queryable, table: string): Promise<TableName> {
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
      and ${table}::text in (c.relname::text, n.nspname || '.' || c.relname, quote_ident(c.relname), '"' || c.relname || '"',
        quote_ident(n.nspname) || '.' || quote_ident(c.relname), n.nspname || '."' || c.relname || '"')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> coalesce(current_schema(), '')
    order by 1`)
  const [found, other] = rows
  if (found === undefined) {
    throw new RevectorError('NOT_FOUND', `There is no table "${table}" to adopt.`, {
      hint: 'See `revector db discover`; write SCHEMA.TABLE as they are spelled there.',
      data: { table },
    })
  }
  if (other !== undefined) {
    const schemas = rows.map((row) => row.schema)
    throw new RevectorError(
      'INVALID_INPUT',
      `Several schemas have a table "${table}": ${schemas.join(', ')}.`,
      {
        hint: `Say which: ${found.schema}.${found.name}.`,
        data: { table, schemas },
      },
    )
  }
  return found
}
