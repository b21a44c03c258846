import type { Database } from './database.ts'
import { ident, sql } from './sql.ts'

/**
 * The embedded engine has no autovacuum: rows that were deleted or replaced stay in tables and HNSW indexes
 * until this runs. Does nothing on a server, nor if less than a fifth of a table is dead. Takes time in
 * proportion to the tables.
 *
 * @returns the tables that were vacuumed
 */
export async function vacuumEmbedded(database: Database): Promise<readonly string[]> {
  if (database.engine === 'server') return []
  const { rows } = await database.query<{ schema: string; name: string }>(sql`
    select schemaname as schema, relname as name
    from pg_stat_user_tables
    where n_dead_tup > 1000 + n_live_tup / 4
    order by 1, 2`)
  for (const { schema, name } of rows) await database.query(sql`vacuum (analyze) ${ident(schema, name)}`)
  return rows.map(({ schema, name }) => `${schema}.${name}`)
}
