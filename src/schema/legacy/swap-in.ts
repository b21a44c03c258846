import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import { grantsOf } from '../grants.ts'
import { recordDone } from '../history.ts'
import { vectorColumn, vectorColumnName } from '../index-kind.ts'
import { saveLayout, type TableName, tableOf } from '../layout.ts'
import { type StepContext, shortly } from './context.ts'
import { insertFirstModel } from './insert-first-model.ts'
import { type Takeover, takeoverNames } from './record.ts'
import { identityToSequence, nextOf } from './sequences.ts'
import { idSequence, modelTableOf, numbering } from './swapped.ts'
import { spoken } from './table-facts.ts'

/** Unique over all models' tables; each table brings its own index under it. */
const parentKey = 'chunk_embeddings_chunk_id_model_id_key'

/**
 * The one transaction in which the old table steps under a partitioned one of its name. Under the lock there is
 * one batch of catalog work: nothing reads rows, so its time does not depend on their number.
 *
 * @returns how long the table was locked, ms
 */
export async function swapIn(context: StepContext): Promise<number> {
  const { takeover, onProgress } = context
  const { table, modelId, column, dimension } = takeover
  const model = modelTableOf(takeover)
  let lockedAt = 0
  await shortly(context, async (tx) => {
    await insertFirstModel(tx, takeover)
    await saveLayout(tx, takeover.layout)
    await recordDone(tx, 2)
    const renamed = (name: string): string => (name === column ? vectorColumnName(dimension) : name)
    const grants = await grantsOf(tx, table, table, { renamed })
    const identities: Sql[] = []
    for (const identity of takeover.identities) {
      identities.push(...(await identityToSequence(tx, table, identity)))
    }
    await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
    lockedAt = performance.now()
    onProgress?.({ type: 'schema.step', revision: 2, step: 'swap', detail: `${spoken(table)} is locked` })
    const statements = [
      ...renameOld(takeover, model, identities),
      ...createParent(takeover, model),
      ...grants,
      sql`alter table ${tableOf(table)} attach partition ${tableOf(model)} for values in (${raw(String(modelId))})`,
      ...renameGraph(takeover),
    ]
    await tx.query(join(statements, ';\n'))
  })
  return performance.now() - lockedAt
}

function renameOld(takeover: Takeover, model: TableName, identities: readonly Sql[]): Sql[] {
  const { table, column, dimension, modelId } = takeover
  const unique = ident(takeoverNames(modelId).unique)
  const sequence = idSequence(takeover)
  const numberIds = [
    sql`create sequence ${tableOf(sequence)}`,
    sql`alter table ${tableOf(table)} alter column id set default ${nextOf(sequence)}`,
  ]
  return [
    sql`alter table ${tableOf(table)} rename column ${ident(column)} to ${vectorColumn(dimension)}`,
    sql`alter table ${tableOf(table)} add constraint ${unique} unique using index ${unique}`,
    ...identities,
    ...(takeover.addsId ? numberIds : []),
    sql`alter table ${tableOf(table)} rename to ${ident(model.name)}`,
  ]
}

function createParent(takeover: Takeover, model: TableName): Sql[] {
  const { table, optional, comment, owner } = takeover
  const loosened = optional.map((column) => {
    const name = column === takeover.column ? vectorColumn(takeover.dimension) : ident(column)
    return sql`alter column ${name} drop not null`
  })
  const changes = [
    ...loosened,
    sql`alter column model_id drop default`,
    sql`add constraint ${ident(parentKey)} unique (chunk_id, model_id)`,
  ]
  return [
    sql`
      create table ${tableOf(table)}
        (like ${tableOf(model)} including defaults including generated including comments)
        partition by list (model_id)`,
    sql`alter table ${tableOf(table)} ${join(changes)}`,
    sql`alter table ${tableOf(table)} owner to ${ident(owner)}`,
    // The first model may be removed one day: what numbers the rows must not go with its table.
    ...numbering(takeover).flatMap(({ column, sequence }) => [
      sql`alter sequence ${tableOf(sequence)} owner to ${ident(owner)}`,
      sql`alter sequence ${tableOf(sequence)} owned by ${tableOf(table)}.${ident(column)}`,
    ]),
    ...(comment === null ? [] : [sql`comment on table ${tableOf(table)} is ${literal(comment)}`]),
  ]
}

function renameGraph({ table, adoptedGraph, graph }: Takeover): Sql[] {
  if (adoptedGraph === null || adoptedGraph.name === graph) return []
  return [sql`alter index ${ident(table.schema, adoptedGraph.name)} rename to ${ident(graph)}`]
}
