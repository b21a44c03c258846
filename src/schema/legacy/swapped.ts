import { counted } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { relationExists } from '../catalog.ts'
import { type TableName, tableOf } from '../layout.ts'
import { modelTables } from '../model-table.ts'
import { modelTableName } from '../names.ts'
import type { Adoption } from './record.ts'

/** Whether the old table is already attached to the new one. */
export async function isSwapped(db: Queryable, { table }: Adoption): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name} and c.relkind = 'p'`)
  return rows.length > 0
}

/**
 * For a database that was adopted.
 *
 * @throws RevectorError ROLLBACK_REFUSED that names the models and how many vectors each would lose
 */
export async function refuseOtherVectors(db: Queryable, adoption: Adoption): Promise<void> {
  const model = modelTableOf(adoption)
  if (!(await relationExists(db, model))) {
    throw new RevectorError(
      'ROLLBACK_REFUSED',
      `The model that the old table belonged to was removed, with its table ${model.name}.`,
      {
        hint: 'Restore a backup from before the upgrade.',
        data: { model: adoption.model?.modelName ?? null },
      },
    )
  }
  const lost = await vectorsBut(db, model.name)
  if (lost.length === 0) return
  const { rows: first } = await db.query<{ name: string; state: string }>(
    sql`select model_name as name, state from embedding_models where id = ${adoption.modelId}`,
  )
  const [{ name, state } = { name: '', state: 'current' }] = first
  const remove = `remove these models (${lost.map(({ model: other }) => `revector models remove ${other}`).join(', ')})`
  throw new RevectorError(
    'ROLLBACK_REFUSED',
    `The old layout can only hold the vectors of one model. These would be lost: ${vectorsOf(lost)}.`,
    {
      // The current model can't be removed.
      hint:
        state === 'current'
          ? `First ${remove}, or restore a backup from before the upgrade.`
          : `First make "${name}" current again (revector models use ${name}) and ${remove}, or restore a backup from before the upgrade.`,
      data: { models: lost },
    },
  )
}

/**
 * For a database that Revector itself set up.
 *
 * @throws RevectorError ROLLBACK_REFUSED when any model has vectors
 */
export async function refuseAnyVectors(db: Queryable): Promise<void> {
  const lost = await vectorsBut(db, null)
  if (lost.length === 0) return
  throw new RevectorError(
    'ROLLBACK_REFUSED',
    `This database never had an older layout, and a rollback would drop all vectors: ${vectorsOf(lost)}.`,
    {
      hint: 'There is nothing to go back to. To start afresh, use another database or folder; to return to an earlier state, restore a backup (revector db restore FILE).',
      data: { models: lost },
    },
  )
}

interface Vectors {
  readonly model: string
  readonly vectors: number
}

function vectorsOf(lost: readonly Vectors[]): string {
  return lost.map(({ model, vectors }) => `${model} (${counted(vectors, 'vector')})`).join(', ')
}

/** The vectors in all models' tables but that one. */
async function vectorsBut(db: Queryable, spared: string | null): Promise<readonly Vectors[]> {
  const found: Vectors[] = []
  const { rows: models } = await db.query<{ id: number; name: string }>(
    sql`select id, model_name as name from embedding_models order by id`,
  )
  for (const other of await modelTables(db)) {
    if (other.name === spared) continue
    const { rows } = await db.query<{ n: string }>(sql`select count(*)::text as n from ${tableOf(other)}`)
    const vectors = Number(rows[0]?.n ?? 0)
    const model = models.find(({ id }) => modelTableName(id) === other.name)?.name ?? other.name
    if (vectors > 0) found.push({ model, vectors })
  }
  return found
}

export function numbering(adoption: Adoption): { readonly column: string; readonly sequence: TableName }[] {
  return [
    ...adoption.identities,
    ...adoption.sequences,
    ...(adoption.addsId ? [{ column: 'id', sequence: idSequence(adoption) }] : []),
  ]
}

export function idSequence({ table }: Adoption): TableName {
  return { schema: table.schema, name: 'chunk_embeddings_id_seq' }
}

export function modelTableOf({ table, modelId }: Adoption): TableName {
  return { schema: table.schema, name: modelTableName(modelId) }
}
