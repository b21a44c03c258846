import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { findTable, relationExists } from './catalog.ts'
import { keepPrivate } from './keep-private.ts'

/**
 * For a revision that creates tables beside the others: they go into the same schema, and the names must be
 * free there.
 */
export async function makeRoomFor(tx: Queryable, tables: readonly string[]): Promise<void> {
  const schema = await schemaOfModels(tx)
  await tx.query(sql`
    select set_config('search_path',
      concat_ws(', ', ${ident(schema).text}::text, nullif(current_setting('search_path'), '')), true)`)
  for (const name of tables) {
    if (await relationExists(tx, { schema, name })) throw nameTaken(schema, name)
  }
}

/** To be called when they have been created. */
export async function keepAddedPrivate(tx: Queryable, tables: readonly string[]): Promise<void> {
  const schema = await schemaOfModels(tx)
  await keepPrivate(
    tx,
    tables.map((name) => ({ schema, name })),
  )
}

/** The schema of Revector's own tables. */
export async function schemaOfModels(db: Queryable): Promise<string> {
  const table = await findTable(db, 'embedding_models')
  if (table === null) throw new Error('embedding_models does not exist')
  return table.schema
}

function nameTaken(schema: string, name: string): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `The schema ${schema} has a table ${name} that is not Revector's.`,
    { hint: 'Rename the table.', data: { schema, table: name } },
  )
}
