import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { schemaOfModels } from './added-tables.ts'
import { forget, recordDone, recordStart } from './history.ts'

/** Revision 5: how hard searches of a model's HNSW index look, as measured. Reads and rewrites no row. */
export async function addEffortColumn(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  await recordStart(tx, 5, {})
  await tx.query(sql`alter table ${ident(schema, 'embedding_models')} add column effort jsonb`)
  await recordDone(tx, 5)
}

/** Back to revision 4: searches use the default effort again. */
export async function dropEffortColumn(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  await tx.query(sql`alter table ${ident(schema, 'embedding_models')} drop column effort`)
  await forget(tx, 5)
}
