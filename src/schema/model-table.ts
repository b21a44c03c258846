import type { Queryable } from '../postgres/database.ts'
import { ident, raw, sql } from '../postgres/sql.ts'
import { isOfApplication } from './attach/guards.ts'
import { columnExists, findTable, relationExists } from './catalog.ts'
import { leavePlace } from './expose/leave.ts'
import { grantsOf } from './grants.ts'
import { createEmptyHnswIndex, dropHnswIndex, giveFreedHnswIndexName, hnswIndexOf } from './hnsw-index.ts'
import { vectorColumn, vectorColumnName, vectorType } from './index-kind.ts'
import { keepPrivate } from './keep-private.ts'
import { loadLayout, type TableName, tableOf } from './layout.ts'
import { embeddingsTable, type ModelSpace, modelTableName } from './names.ts'

export { vectorColumn } from './index-kind.ts'
export { type ModelSpace, modelTable } from './names.ts'

/** Dimensions that have a column, ascending. */
export async function vectorColumns(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ dimension: number }>(sql`
    select substring(a.attname from '[0-9]+$')::int as dimension
    from pg_attribute a
    where a.attrelid = to_regclass(${embeddingsTable}) and not a.attisdropped
      and a.attname ~ '^embedding_[0-9]+$'
    order by 1`)
  return rows.map((row) => row.dimension)
}

/**
 * Creates and attaches a table for a registered model, with its empty HNSW index, and the column of its
 * dimension if that is new. A new column briefly locks `chunk_embeddings`; a table for a known dimension blocks
 * no reader. Does nothing if the table exists.
 */
export async function createModelTable(tx: Queryable, model: ModelSpace): Promise<void> {
  const parent = await parentTable(tx)
  const table: TableName = { schema: parent.schema, name: modelTableName(model.id) }
  // Only one table is created at a time; readers and writers are not blocked.
  await tx.query(sql`lock table only ${tableOf(parent)} in share update exclusive mode`)
  if (await relationExists(tx, table)) return
  await createVectorColumn(tx, model.dimension)

  const { chunks, place } = await loadLayout(tx)
  await tx.query(
    sql`create table ${tableOf(table)} (like ${tableOf(parent)} including defaults including generated)`,
  )
  const others = (await vectorColumns(tx)).filter((dimension) => dimension !== model.dimension)
  await tx.query(sql`
    alter table ${tableOf(table)}
      alter column ${vectorColumn(model.dimension)} set not null,
      alter column model_id set default ${raw(String(model.id))},
      add constraint ${ident(modelCheckName(table))} check (model_id = ${raw(String(model.id))}),
      add constraint ${ident(`${table.name}_chunk_id_check`)} check (chunk_id is not null)`)
  // A reference to an application's table would keep it from being truncated or dropped: there, triggers follow.
  if (place === undefined)
    await tx.query(sql`
      alter table ${tableOf(table)} add constraint ${ident(`${table.name}_chunk_id_fkey`)}
        foreign key (chunk_id) references ${tableOf(chunks.table)} (${ident(chunks.id)}) on delete cascade`)
  for (const dimension of others) await forbidColumn(tx, table, dimension)
  await tx.query(sql`
    alter table ${tableOf(parent)} attach partition ${tableOf(table)}
      for values in (${raw(String(model.id))})`)
  await keepPrivate(tx, [table])
  for (const grant of await grantsOf(tx, parent, table)) await tx.query(grant)
  await createEmptyHnswIndex(tx, table, model)
}

export async function hasModelTable(db: Queryable, modelId: number): Promise<boolean> {
  return (await findTable(db, modelTableName(modelId))) !== null
}

/** Drops every vector of the model at once, with its HNSW index; the dimension's column stays. */
export async function dropModelTable(tx: Queryable, model: ModelSpace): Promise<void> {
  const parent = await parentTable(tx)
  const name = ident(parent.schema, modelTableName(model.id))
  // The vectors of a view are an application's, and stay.
  await leavePlace(tx, parent.schema, model.id)
  if (await isOfApplication(tx, model.id)) await tx.query(sql`drop view ${name}`)
  else await tx.query(sql`drop table if exists ${name}`)
  await giveFreedHnswIndexName(tx, parent.schema, model)
}

/**
 * Drops every vector of the model at once; an empty table with its empty HNSW index stays.
 *
 * @returns the bytes that were freed
 */
export async function emptyModelTable(tx: Queryable, model: ModelSpace): Promise<number> {
  const parent = await parentTable(tx)
  const table: TableName = { schema: parent.schema, name: modelTableName(model.id) }
  if (await isOfApplication(tx, model.id)) {
    await tx.query(sql`drop view ${tableOf(table)}`)
    return 0
  }
  const before = await modelTableBytes(tx, model)
  await tx.query(sql`truncate table ${tableOf(table)}`)
  const hnswIndex = await hnswIndexOf(tx, model)
  // An interrupted build may have left an invalid one or none.
  if (hnswIndex?.valid === false) await dropHnswIndex(tx, model)
  if (hnswIndex?.valid !== true) await createEmptyHnswIndex(tx, table, model)
  return Math.max(0, before - (await modelTableBytes(tx, model)))
}

/** Adds the column of a dimension; in the tables of models of other dimensions it must stay empty. */
async function createVectorColumn(tx: Queryable, dimension: number): Promise<void> {
  const parent = await parentTable(tx)
  if (await columnExists(tx, parent, vectorColumnName(dimension))) return
  await tx.query(sql`
    alter table ${tableOf(parent)} add column ${vectorColumn(dimension)} ${vectorType(dimension)}`)
  for (const table of await modelTables(tx)) await forbidColumn(tx, table, dimension)
}

/** Bytes on disk of a model's vectors with their HNSW index. */
export async function modelTableBytes(db: Queryable, model: ModelSpace): Promise<number> {
  const { rows } = await db.query<{ bytes: string | null }>(sql`
    select pg_total_relation_size(to_regclass(${modelTableName(model.id)}))::text as bytes`)
  return Number(rows[0]?.bytes ?? 0)
}

/** NOT VALID avoids the scan: the column was empty when the constraint was added, and new rows are checked. */
export async function forbidColumn(tx: Queryable, table: TableName, dimension: number): Promise<void> {
  await tx.query(sql`
    alter table ${tableOf(table)}
      add constraint ${ident(`${table.name}_no_${dimension}`)}
      check (${vectorColumn(dimension)} is null) not valid`)
}

export function modelCheckName(table: TableName): string {
  return `${table.name}_model_id_check`
}

/** The attached tables, by name. */
export async function modelTables(db: Queryable): Promise<TableName[]> {
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.inhparent = to_regclass(${embeddingsTable})
    order by c.oid`)
  return [...rows]
}

async function parentTable(db: Queryable): Promise<TableName> {
  const table = await findTable(db, embeddingsTable)
  if (table === null) throw new Error(`${embeddingsTable} does not exist`)
  return table
}
