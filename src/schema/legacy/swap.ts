import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sqlstateOf } from '../../postgres/errors.ts'
import { ident, join, raw, sql } from '../../postgres/sql.ts'
import { copyGrants, literal, relationExists } from '../catalog.ts'
import { graphOf } from '../graph.ts'
import { recordDone } from '../history.ts'
import { vectorColumn } from '../index-kind.ts'
import { saveLayout, type TableName, tableOf } from '../layout.ts'
import { modelTables, vectorColumns } from '../model-table.ts'
import { modelTableName } from '../names.ts'
import { type StepContext, shortly } from './context.ts'
import { insertFirstModel } from './insert-first-model.ts'
import { type Takeover, takeoverNames } from './record.ts'
import { identityToSequence, sequenceToIdentity } from './sequences.ts'
import { spoken } from './table-facts.ts'

/** Unique over all models' tables; each table brings its own index under it. */
const parentKey = 'chunk_embeddings_chunk_id_model_id_key'

/**
 * The one transaction in which the old table steps under a partitioned one of its name. Everything here is
 * catalog work: nothing reads rows, so its time does not depend on their number.
 *
 * @returns how long the table was locked, ms
 */
export async function swapIn(context: StepContext): Promise<number> {
  const { takeover, onProgress } = context
  const { table, modelId } = takeover
  let lockedAt = 0
  await shortly(context, async (tx) => {
    await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
    lockedAt = performance.now()
    onProgress?.({ type: 'schema.step', revision: 2, step: 'swap', detail: `${spoken(table)} is locked` })
    const model = modelTableOf(takeover)
    await renameOld(tx, takeover, model)
    await createParent(tx, takeover, model)
    await tx.query(sql`
      alter table ${tableOf(table)} attach partition ${tableOf(model)}
        for values in (${raw(String(modelId))})`)
    await renameGraph(tx, table.schema, takeover.adoptedGraph?.name ?? takeover.graph, takeover.graph)
    await insertFirstModel(tx, takeover, model)
    await saveLayout(tx, takeover.layout)
    await recordDone(tx, 2)
  })
  return performance.now() - lockedAt
}

async function renameOld(tx: Queryable, takeover: Takeover, model: TableName): Promise<void> {
  const { table, column, dimension, modelId } = takeover
  const { unique } = takeoverNames(modelId)
  await tx.query(sql`
    alter table ${tableOf(table)} rename column ${ident(column)} to ${vectorColumn(dimension)}`)
  await tx.query(sql`
    alter table ${tableOf(table)} add constraint ${ident(unique)} unique using index ${ident(unique)}`)
  for (const identity of takeover.identities) await identityToSequence(tx, table, identity)
  if (takeover.addsId) {
    const sequence = idSequence(takeover)
    await tx.query(sql`create sequence ${tableOf(sequence)}`)
    await tx.query(sql`
      alter table ${tableOf(table)} alter column id
        set default nextval(${literal(tableOf(sequence).text)}::regclass)`)
  }
  await tx.query(sql`alter table ${tableOf(table)} rename to ${ident(model.name)}`)
}

async function createParent(tx: Queryable, takeover: Takeover, model: TableName): Promise<void> {
  const { table, optional } = takeover
  await tx.query(sql`
    create table ${tableOf(table)}
      (like ${tableOf(model)} including defaults including generated including comments)
      partition by list (model_id)`)
  const loosened = optional.map((column) => {
    const name = column === takeover.column ? vectorColumn(takeover.dimension) : ident(column)
    return sql`alter column ${name} drop not null`
  })
  await tx.query(sql`
    alter table ${tableOf(table)} ${join([
      ...loosened,
      sql`alter column model_id drop default`,
      sql`add constraint ${ident(parentKey)} unique (chunk_id, model_id)`,
    ])}`)
  await tx.query(sql`alter table ${tableOf(table)} owner to ${ident(takeover.owner)}`)
  // The first model may be removed one day: what numbers the rows must not go with its table.
  for (const { column, sequence } of numbering(takeover)) {
    await tx.query(sql`alter sequence ${tableOf(sequence)} owner to ${ident(takeover.owner)}`)
    await tx.query(sql`
      alter sequence ${tableOf(sequence)} owned by ${tableOf(table)}.${ident(column)}`)
  }
  await copyGrants(tx, model, table)
  if (takeover.comment !== null) {
    await tx.query(sql`comment on table ${tableOf(table)} is ${literal(takeover.comment)}`)
  }
}

/**
 * The reverse of `swapIn`, also one short transaction. The tables of other models, empty, are dropped.
 *
 * @returns how long the table was locked, ms
 * @throws RevectorError ROLLBACK_REFUSED
 */
export async function swapOut(context: StepContext): Promise<number> {
  const { takeover } = context
  const { table } = takeover
  let lockedAt = 0
  try {
    await shortly(context, async (tx) => {
      if (!(await isSwapped(tx, takeover))) return
      await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
      lockedAt = performance.now()
      const detail = `${spoken(table)} is locked`
      context.onProgress?.({ type: 'schema.step', revision: 2, step: 'swap back', detail })
      await refuseOtherVectors(tx, takeover)
      await putBack(tx, takeover)
    })
  } catch (error) {
    if (sqlstateOf(error) !== '2BP01') throw error
    throw new RevectorError(
      'ROLLBACK_REFUSED',
      `Something was built on the new layout and stands in the way: ${error instanceof Error ? error.message : ''}`,
      { hint: 'Drop it, then roll back.', cause: error },
    )
  }
  return lockedAt === 0 ? 0 : performance.now() - lockedAt
}

async function putBack(tx: Queryable, takeover: Takeover): Promise<void> {
  const { table, column, dimension, modelId } = takeover
  const model = modelTableOf(takeover)
  const graph = await graphOf(tx, { id: modelId, dimension })
  const others = (await modelTables(tx)).filter((other) => other.name !== model.name)
  for (const other of others) await tx.query(sql`drop table ${tableOf(other)}`)
  const added = (await vectorColumns(tx)).filter((width) => width !== dimension)
  await tx.query(sql`alter table ${tableOf(table)} detach partition ${tableOf(model)}`)
  if (graph !== null) {
    await renameGraph(tx, table.schema, graph.name, takeover.adoptedGraph?.name ?? takeover.graph)
  }
  if (takeover.addsId) await tx.query(sql`alter table ${tableOf(model)} alter column id set default 0`)
  for (const { column: numbered, sequence } of numbering(takeover)) {
    if (takeover.addsId && numbered === 'id') continue
    await tx.query(sql`
      alter sequence ${tableOf(sequence)} owned by ${tableOf(model)}.${ident(numbered)}`)
  }
  await tx.query(sql`drop table ${tableOf(table)}`)
  await tx.query(sql`
    alter table ${tableOf(model)} ${join([
      sql`drop constraint ${ident(takeoverNames(modelId).unique)}`,
      ...added.map((width) => sql`drop column ${vectorColumn(width)}`),
    ])}`)
  await tx.query(sql`
    alter table ${tableOf(model)} rename column ${vectorColumn(dimension)} to ${ident(column)}`)
  await tx.query(sql`alter table ${tableOf(model)} rename to ${ident(table.name)}`)
  for (const identity of takeover.identities) await sequenceToIdentity(tx, table, identity)
  await tx.query(sql`delete from embedding_models`)
  await tx.query(sql`delete from revector_layout`)
  await tx.query(sql`update revector_revisions set applied_at = null where revision = 2`)
}

async function renameGraph(tx: Queryable, schema: string, from: string, to: string): Promise<void> {
  if (from !== to) await tx.query(sql`alter index ${ident(schema, from)} rename to ${ident(to)}`)
}

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

function numbering(takeover: Takeover): { readonly column: string; readonly sequence: TableName }[] {
  return [
    ...takeover.identities,
    ...takeover.sequences,
    ...(takeover.addsId ? [{ column: 'id', sequence: idSequence(takeover) }] : []),
  ]
}

function idSequence({ table }: Takeover): TableName {
  return { schema: table.schema, name: 'chunk_embeddings_id_seq' }
}

function modelTableOf({ table, modelId }: Takeover): TableName {
  return { schema: table.schema, name: modelTableName(modelId) }
}
