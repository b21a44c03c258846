import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { relationExists } from '../catalog.ts'
import { type TableName, tableOf } from '../layout.ts'
import { modelTables } from '../model-table.ts'
import { modelTableName } from '../names.ts'
import type { Takeover } from './record.ts'

/** Whether the old table is already under the new one. */
export async function isSwapped(db: Queryable, { table }: Takeover): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name} and c.relkind = 'p'`)
  return rows.length > 0
}

/** @throws RevectorError ROLLBACK_REFUSED naming the models and how many vectors each would lose */
export async function refuseOtherVectors(db: Queryable, takeover: Takeover): Promise<void> {
  const model = modelTableOf(takeover)
  if (!(await relationExists(db, model))) {
    throw new RevectorError(
      'ROLLBACK_REFUSED',
      `The model that the old table belonged to was removed, with its table ${model.name}.`,
      {
        hint: 'Restore a backup from before the upgrade.',
        data: { model: takeover.model?.modelName ?? null },
      },
    )
  }
  await refuseVectors(db, [model.name])
}

/** @throws RevectorError ROLLBACK_REFUSED when a model's table outside `spared` has rows */
export async function refuseVectors(db: Queryable, spared: readonly string[]): Promise<void> {
  const lost: { model: string; vectors: number }[] = []
  const { rows: models } = await db.query<{ id: number; name: string }>(
    sql`select id, model_name as name from embedding_models order by id`,
  )
  for (const other of await modelTables(db)) {
    if (spared.includes(other.name)) continue
    const { rows } = await db.query<{ n: string }>(sql`select count(*)::text as n from ${tableOf(other)}`)
    const vectors = Number(rows[0]?.n ?? 0)
    const model = models.find(({ id }) => modelTableName(id) === other.name)?.name ?? other.name
    if (vectors > 0) lost.push({ model, vectors })
  }
  if (lost.length === 0) return
  throw new RevectorError(
    'ROLLBACK_REFUSED',
    `The old layout holds the vectors of one model. These would be lost: ${lost.map(({ model, vectors }) => `${model} (${vectors} vectors)`).join(', ')}.`,
    {
      hint: 'Remove those models first (revector models remove NAME), or restore a backup.',
      data: { models: lost },
    },
  )
}

export function numbering(takeover: Takeover): { readonly column: string; readonly sequence: TableName }[] {
  return [
    ...takeover.identities,
    ...takeover.sequences,
    ...(takeover.addsId ? [{ column: 'id', sequence: idSequence(takeover) }] : []),
  ]
}

export function idSequence({ table }: Takeover): TableName {
  return { schema: table.schema, name: 'chunk_embeddings_id_seq' }
}

export function modelTableOf({ table, modelId }: Takeover): TableName {
  return { schema: table.schema, name: modelTableName(modelId) }
}
