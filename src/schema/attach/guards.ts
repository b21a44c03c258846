import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { type Layout, loadLayout } from '../layout.ts'
import { modelTableName } from '../names.ts'
import { copiedModel, isCopied } from './copied.ts'
import { maintainedModel } from './maintain.ts'

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

/** @throws RevectorError SCHEMA_BEHIND if an adoption was interrupted */
export function requireFinished({ place }: Pick<Layout, 'place'>): void {
  if (place?.unfinished !== true) return
  const table = `${place.vectors.table.schema}.${place.vectors.table.name}`
  throw new RevectorError('SCHEMA_BEHIND', `Adopting ${table} was interrupted before it was complete.`, {
    hint: 'Run the same `revector db adopt` again: it goes on. Or give up: `revector db release`.',
    data: { table },
  })
}

/**
 * An empty installation beside vectors is hardly what was meant, unless it was asked for.
 *
 * @throws RevectorError SCHEMA_MISSING
 */
export async function refuseBesideVectors(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ table: string }>(sql`
    select n.nspname || '.' || c.relname as table
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p') and not c.relispartition and not a.attisdropped and t.typname in ('vector', 'halfvec')
      and not exists (
        select from pg_class own where own.relnamespace = n.oid and own.relname = 'revector_revisions')
    order by 1 limit 1`)
  const [found] = rows
  if (found === undefined) return
  throw new RevectorError(
    'SCHEMA_MISSING',
    `The database has not been set up for Revector, and ${found.table} holds vectors.`,
    {
      hint: '`revector db discover` says which tables can be searched where they are. `revector db init` begins an empty corpus beside them.',
      data: { table: found.table },
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
  const { place, exposed } = await loadLayout(db)
  const isCopy = place !== undefined && isCopied(place) && id === copiedModel
  if (!(await isOfApplication(db, id)) && exposed?.modelId !== id && !isCopy) return
  throw new RevectorError(
    'CORPUS_OF_APPLICATION',
    `The vectors of "${modelName}" are in an application's table, and the application makes them.`,
    {
      hint: 'Register the same model under another name to have vectors of it that Revector makes.',
      data: { model: modelName },
    },
  )
}

/**
 * The same for what an application may lack: the rows that it has from the other deployment, once a second table is exposed.
 *
 * @throws RevectorError CORPUS_OF_APPLICATION
 */
export async function requireFillable(
  db: Queryable,
  model: { readonly id: number; readonly modelName: string },
): Promise<void> {
  const { exposed, place } = await loadLayout(db)
  if (exposed?.complete === true || (place?.maintained === true && model.id === maintainedModel)) return
  await requireOwnVectors(db, model)
}
