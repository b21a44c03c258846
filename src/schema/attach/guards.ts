import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import type { Layout } from '../layout.ts'
import { modelTableName } from '../names.ts'

/**
 * Revector writes no documents where an application does.
 *
 * @throws RevectorError CORPUS_OF_APPLICATION
 */
export function requireOwnDocuments({ place }: Pick<Layout, 'place'>): void {
  if (place === undefined) return
  const table = `${place.table.schema}.${place.table.name}`
  throw new RevectorError(
    'CORPUS_OF_APPLICATION',
    `The documents are the rows of ${table}, which its application writes.`,
    {
      hint: `Insert, update or delete there: what changes is found and embedded. Or keep documents of your own in another schema (--schema NAME).`,
      data: { table },
    },
  )
}

/** Whether a model's vectors lie in an application's table. */
export async function isOfApplication(db: Queryable, modelId: number): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from pg_class where oid = to_regclass(${modelTableName(modelId)}) and relkind = 'v'`)
  return rows.length > 0
}

/**
 * Revector makes no vectors that an application makes.
 *
 * @throws RevectorError CORPUS_OF_APPLICATION
 */
export async function requireOwnVectors(
  db: Queryable,
  { id, modelName }: { readonly id: number; readonly modelName: string },
): Promise<void> {
  if (!(await isOfApplication(db, id))) return
  throw new RevectorError(
    'CORPUS_OF_APPLICATION',
    `The vectors of "${modelName}" are in an application's table, and the application makes them.`,
    {
      hint: 'Register the same model under another name to have vectors of it that Revector makes.',
      data: { model: modelName },
    },
  )
}
