import type { Queryable } from '../../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import { grantsOf, numberingGrants } from '../grants.ts'
import { recordDone } from '../history.ts'
import { vectorColumn, vectorColumnName } from '../index-kind.ts'
import { revokesOf } from '../keep-private.ts'
import { saveLayout, type TableName, tableOf } from '../layout.ts'
import { type AdoptionRun, shortly } from './context.ts'
import { insertFirstModel } from './insert-first-model.ts'
import { type Adoption, adoptionNames } from './record.ts'
import { identityToSequence, nextOf } from './sequences.ts'
import { idSequence, modelTableOf, numbering } from './swapped.ts'
import { spoken } from './table-facts.ts'

/** Unique over all models' tables; each table has its own index below it. */
const parentKey = 'chunk_embeddings_chunk_id_model_id_key'

/**
 * The one transaction in which the old table is attached to a partitioned one with its name. Under the lock
 * there is one batch of catalog changes: nothing reads rows, so its duration does not depend on their number.
 *
 * @returns how long the table was locked, in ms
 */
export async function swapIn(context: AdoptionRun): Promise<number> {
  const { adoption, onProgress } = context
  const { table, modelId, column, dimension } = adoption
  const model = modelTableOf(adoption)
  let lockedAt = 0
  await shortly(context, async (tx) => {
    await insertFirstModel(tx, adoption)
    await saveLayout(tx, adoption.layout)
    await recordDone(tx, 2)
    const renamed = (name: string): string => (name === column ? vectorColumnName(dimension) : name)
    const grants = await grantsOf(tx, table, table, { renamed })
    const identities: Sql[] = []
    for (const identity of adoption.identities) {
      identities.push(...(await identityToSequence(tx, table, identity)))
    }
    const revokes: Revokes = {
      ofTable: await revokesOf(tx, table),
      ofSequence: adoption.addsId ? await onlyInserters(tx, adoption) : [],
    }
    await tx.query(sql`lock table ${tableOf(table)} in access exclusive mode`)
    lockedAt = performance.now()
    onProgress?.({ type: 'schema.step', revision: 2, step: 'swap', detail: `${spoken(table)} is locked` })
    const statements = [
      ...renameOld(adoption, model, { identities, revokes }),
      ...createParent(adoption, model, revokes),
      ...grants,
      sql`alter table ${tableOf(table)} attach partition ${tableOf(model)} for values in (${raw(String(modelId))})`,
      ...renameHnswIndex(adoption),
    ]
    await tx.query(join(statements, ';\n'))
  })
  return performance.now() - lockedAt
}

/** Who adds rows to the table numbers them from now on; default privileges give the sequence to no one else. */
async function onlyInserters(tx: Queryable, adoption: Adoption): Promise<Sql[]> {
  const sequence = idSequence(adoption)
  const revokes = await revokesOf(tx, sequence, 'sequence')
  return [...revokes, ...(await numberingGrants(tx, adoption.table, sequence))]
}

/** What default privileges give on the new relations: the old table's grants are all that they get. */
interface Revokes {
  readonly ofTable: readonly Sql[]
  readonly ofSequence: readonly Sql[]
}

function renameOld(
  adoption: Adoption,
  model: TableName,
  { identities, revokes }: { readonly identities: readonly Sql[]; readonly revokes: Revokes },
): Sql[] {
  const { table, column, dimension, modelId } = adoption
  const unique = ident(adoptionNames(modelId).unique)
  const sequence = idSequence(adoption)
  const numberIds = [
    sql`create sequence ${tableOf(sequence)}`,
    ...revokes.ofSequence,
    sql`alter table ${tableOf(table)} alter column id set default ${nextOf(sequence)}`,
  ]
  return [
    sql`alter table ${tableOf(table)} rename column ${ident(column)} to ${vectorColumn(dimension)}`,
    sql`alter table ${tableOf(table)} add constraint ${unique} unique using index ${unique}`,
    ...identities,
    ...(adoption.addsId ? numberIds : []),
    sql`alter table ${tableOf(table)} rename to ${ident(model.name)}`,
  ]
}

function createParent(adoption: Adoption, model: TableName, revokes: Revokes): Sql[] {
  const { table, optional, comment, owner } = adoption
  const loosened = optional.map((column) => {
    const name = column === adoption.column ? vectorColumn(adoption.dimension) : ident(column)
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
    ...revokes.ofTable,
    sql`alter table ${tableOf(table)} ${join(changes)}`,
    sql`alter table ${tableOf(table)} owner to ${ident(owner)}`,
    // The first model may be removed one day: the sequence must not be dropped with its table.
    ...numbering(adoption).flatMap(({ column, sequence }) => [
      sql`alter sequence ${tableOf(sequence)} owner to ${ident(owner)}`,
      sql`alter sequence ${tableOf(sequence)} owned by ${tableOf(table)}.${ident(column)}`,
    ]),
    ...(comment === null ? [] : [sql`comment on table ${tableOf(table)} is ${literal(comment)}`]),
  ]
}

function renameHnswIndex({ table, adoptedHnswIndex, hnswIndex }: Adoption): Sql[] {
  if (adoptedHnswIndex === null || adoptedHnswIndex.name === hnswIndex) return []
  return [sql`alter index ${ident(table.schema, adoptedHnswIndex.name)} rename to ${ident(hnswIndex)}`]
}
