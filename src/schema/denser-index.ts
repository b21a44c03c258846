import type { Queryable } from '../postgres/database.ts'
import { withSchemaOf } from '../postgres/pgvector.ts'
import { ident, sql } from '../postgres/sql.ts'
import { indexKind, type Space, vectorColumn } from './index-kind.ts'
import { type ModelSpace, modelTableName } from './names.ts'

/** pgvector's defaults are m = 16 and ef_construction = 64. */
const links = 32
const construction = 256

/**
 * What finds more where no search effort does: the statements that replace a model's HNSW index by one with twice the
 * links, chosen with more care. It takes about twice the space and four times the time to build.
 */
export async function denserIndex(
  db: Queryable,
  model: ModelSpace & Space,
  index: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ schema: string }>(sql`
    select n.nspname as schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector'`)
  // These are read, not sent: the schema of pgvector is put in here.
  const [pgvector = { schema: 'public' }] = rows
  const kind = indexKind(model)
  const { text } = sql`create index concurrently ${ident(index)} on ${ident(modelTableName(model.id))}
    using hnsw (${kind.indexed(vectorColumn(model.dimension))})`
  return [
    `drop index concurrently ${ident(index).text};`,
    `${withSchemaOf(text, pgvector).replace(/\s+/g, ' ')} with (m = ${links}, ef_construction = ${construction});`,
  ]
}
