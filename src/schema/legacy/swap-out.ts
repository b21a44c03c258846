import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sqlstateOf } from '../../postgres/errors.ts'
import { ident, join, type Sql, sql } from '../../postgres/sql.ts'
import { graphOf } from '../graph.ts'
import { vectorColumn } from '../index-kind.ts'
import { tableOf } from '../layout.ts'
import { modelTables, vectorColumns } from '../model-table.ts'
import { type StepContext, shortly } from './context.ts'
import { type Takeover, takeoverNames } from './record.ts'
import { sequenceToIdentity } from './sequences.ts'
import { isSwapped, modelTableOf, numbering, refuseOtherVectors } from './swapped.ts'
import { spoken } from './table-facts.ts'

/**
 * The reverse of the swap, also one short transaction. The tables of other models, empty, are dropped.
 *
 * @returns how long the table was locked, ms
 * @throws RevectorError ROLLBACK_REFUSED
 */
export async function swapOut(context: StepContext): Promise<number> {
  const { takeover, onProgress } = context
  const { table } = takeover
  let lockedAt = 0
  try {
    await shortly(context, async (tx) => {
      if (!(await isSwapped(tx, takeover))) return
      await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
      lockedAt = performance.now()
      const detail = `${spoken(table)} is locked`
      onProgress?.({ type: 'schema.step', revision: 2, step: 'swap back', detail })
      await refuseOtherVectors(tx, takeover)
      await tx.query(join(await putBack(tx, takeover), ';\n'))
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

async function putBack(tx: Queryable, takeover: Takeover): Promise<Sql[]> {
  const { table, column, dimension, modelId } = takeover
  const model = modelTableOf(takeover)
  const graph = await graphOf(tx, { id: modelId, dimension })
  const graphBefore = takeover.adoptedGraph?.name ?? takeover.graph
  const others = (await modelTables(tx)).filter((other) => other.name !== model.name)
  const added = (await vectorColumns(tx)).filter((width) => width !== dimension)
  const identities: Sql[] = []
  for (const identity of takeover.identities) {
    identities.push(...(await sequenceToIdentity(tx, table, identity)))
  }
  const changes = [
    sql`drop constraint ${ident(takeoverNames(modelId).unique)}`,
    ...added.map((width) => sql`drop column ${vectorColumn(width)}`),
  ]
  return [
    ...others.map((other) => sql`drop table ${tableOf(other)}`),
    sql`alter table ${tableOf(table)} detach partition ${tableOf(model)}`,
    ...(graph !== null && graph.name !== graphBefore
      ? [sql`alter index ${ident(table.schema, graph.name)} rename to ${ident(graphBefore)}`]
      : []),
    ...(takeover.addsId ? [sql`alter table ${tableOf(model)} alter column id set default 0`] : []),
    ...numbering(takeover)
      .filter((one) => !(takeover.addsId && one.column === 'id'))
      .map(
        (one) => sql`alter sequence ${tableOf(one.sequence)} owned by ${tableOf(model)}.${ident(one.column)}`,
      ),
    sql`drop table ${tableOf(table)}`,
    sql`alter table ${tableOf(model)} ${join(changes)}`,
    sql`alter table ${tableOf(model)} rename column ${vectorColumn(dimension)} to ${ident(column)}`,
    sql`alter table ${tableOf(model)} rename to ${ident(table.name)}`,
    ...identities,
    sql`delete from embedding_models`,
    sql`delete from revector_layout`,
    sql`update revector_revisions set applied_at = null where revision = 2`,
  ]
}
