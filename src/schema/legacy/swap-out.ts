import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sqlstateOf } from '../../postgres/errors.ts'
import { ident, join, type Sql, sql } from '../../postgres/sql.ts'
import { hnswIndexOf } from '../hnsw-index.ts'
import { vectorColumn } from '../index-kind.ts'
import { tableOf } from '../layout.ts'
import { modelTables, vectorColumns } from '../model-table.ts'
import { type AdoptionRun, shortly } from './context.ts'
import { type Adoption, adoptionNames } from './record.ts'
import { sequenceToIdentity } from './sequences.ts'
import { isSwapped, modelTableOf, numbering, refuseOtherVectors } from './swapped.ts'
import { spoken } from './table-facts.ts'

/**
 * The reverse of the swap, also one short transaction. The tables of other models, empty, are dropped.
 *
 * @returns how long the table was locked, in ms
 * @throws RevectorError ROLLBACK_REFUSED
 */
export async function swapOut(context: AdoptionRun): Promise<number> {
  const { adoption, onProgress } = context
  const { table } = adoption
  let lockedAt = 0
  try {
    await shortly(context, async (tx) => {
      if (!(await isSwapped(tx, adoption))) return
      await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
      lockedAt = performance.now()
      const detail = `${spoken(table)} is locked`
      onProgress?.({ type: 'schema.step', revision: 2, step: 'swap back', detail })
      await refuseOtherVectors(tx, adoption)
      await tx.query(join(await putBack(tx, adoption), ';\n'))
    })
  } catch (error) {
    if (sqlstateOf(error) !== '2BP01') throw error
    throw new RevectorError(
      'ROLLBACK_REFUSED',
      `An object that depends on the new layout prevents this: ${error instanceof Error ? error.message : ''}`,
      { hint: 'Drop it, then roll back.', cause: error },
    )
  }
  return lockedAt === 0 ? 0 : performance.now() - lockedAt
}

async function putBack(tx: Queryable, adoption: Adoption): Promise<Sql[]> {
  const { table, column, dimension, modelId } = adoption
  const model = modelTableOf(adoption)
  const hnswIndex = await hnswIndexOf(tx, { id: modelId, dimension })
  const hnswIndexBefore = adoption.adoptedHnswIndex?.name ?? adoption.hnswIndex
  const others = (await modelTables(tx)).filter((other) => other.name !== model.name)
  const added = (await vectorColumns(tx)).filter((width) => width !== dimension)
  const identities: Sql[] = []
  for (const identity of adoption.identities) {
    identities.push(...(await sequenceToIdentity(tx, table, identity)))
  }
  const changes = [
    sql`drop constraint ${ident(adoptionNames(modelId).unique)}`,
    ...added.map((width) => sql`drop column ${vectorColumn(width)}`),
  ]
  return [
    ...others.map((other) => sql`drop table ${tableOf(other)}`),
    sql`alter table ${tableOf(table)} detach partition ${tableOf(model)}`,
    ...(hnswIndex !== null && hnswIndex.name !== hnswIndexBefore
      ? [sql`alter index ${ident(table.schema, hnswIndex.name)} rename to ${ident(hnswIndexBefore)}`]
      : []),
    ...(adoption.addsId ? [sql`alter table ${tableOf(model)} alter column id set default 0`] : []),
    ...numbering(adoption)
      .filter((one) => !(adoption.addsId && one.column === 'id'))
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
