import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { isOfApplication } from '../schema/attach/guards.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'

/** Ids that several rows of an application's tables have: three of the texts' and three of the first model's vectors. */
export async function findDoubles(db: Queryable, layout: Layout): Promise<readonly ChunkId[]> {
  const c = chunkColumns(layout)
  const twice = (id: Sql, table: Sql): Sql => sql`(
      select ${id}::text as id from ${table} group by ${id} having count(*) > 1 order by 1 limit 3)`
  const vectors = (await isOfApplication(db, 1)) ? sql` union ${twice(sql`chunk_id`, modelTable(1))}` : sql``
  const { rows } = await db.query<{ id: string }>(sql`
    select id from (${twice(c.id, c.table)}${vectors}) doubles order by id`)
  return rows.map(({ id }) => id)
}
