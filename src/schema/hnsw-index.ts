import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { relationExists } from './catalog.ts'
import { indexKind, vectorColumn } from './index-kind.ts'
import { type TableName, tableOf } from './layout.ts'
import { hnswIndexName, hnswIndexNameOfModel, type ModelSpace, modelTableName } from './names.ts'

/** A model's HNSW index. */
export interface HnswIndex {
  readonly name: string
  /** False after an interrupted build: searches do not use it, and the next build replaces it. */
  readonly valid: boolean
  readonly bytes: number
}

/** The HNSW index of a model's table, or of the application's column that a view of its vectors reads; or null. */
export async function hnswIndexOf(
  db: Queryable,
  model: Pick<ModelSpace, 'id' | 'dimension'>,
): Promise<HnswIndex | null> {
  const { rows } = await db.query<{ name: string; valid: boolean; bytes: string }>(sql`
    select c.relname as name, i.indisvalid as valid, pg_relation_size(c.oid)::text as bytes
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am m on m.oid = c.relam and m.amname = 'hnsw'
    where (
        i.indrelid = to_regclass(${modelTableName(model.id)})
        and c.relname in (${hnswIndexName(model.dimension)}, ${hnswIndexNameOfModel(model)})
      ) or exists (
        select
        from pg_rewrite r
        join pg_depend reads on reads.classid = 'pg_rewrite'::regclass and reads.objid = r.oid
          and reads.refclassid = 'pg_class'::regclass and reads.refobjid = i.indrelid
        join pg_attribute a on a.attrelid = reads.refobjid and a.attnum = reads.refobjsubid
          and format_type(a.atttypid, null) ~ '(^|[.])(vector|halfvec)$'
        join pg_depend indexes on indexes.classid = 'pg_class'::regclass and indexes.objid = i.indexrelid
          and indexes.refclassid = 'pg_class'::regclass and indexes.refobjid = i.indrelid and indexes.refobjsubid = a.attnum
        where r.ev_class = to_regclass(${modelTableName(model.id)}) and r.ev_type = '1'
      )
    order by i.indisvalid desc`)
  const [row] = rows
  return row === undefined ? null : { name: row.name, valid: row.valid, bytes: Number(row.bytes) }
}

/** Before a bulk load into an empty table: the HNSW index is built once, at the end. It may already be gone. */
export async function dropHnswIndex(db: Queryable, model: ModelSpace): Promise<void> {
  const table = await tableOfModel(db, model)
  const hnswIndex = await hnswIndexOf(db, model)
  if (hnswIndex !== null) await db.query(sql`drop index if exists ${ident(table.schema, hnswIndex.name)}`)
}

export async function createEmptyHnswIndex(
  tx: Queryable,
  table: TableName,
  model: ModelSpace,
): Promise<void> {
  const name = await freeHnswIndexName(tx, table.schema, model)
  await tx.query(sql`
    create index ${ident(name)} on ${tableOf(table)}
      using hnsw (${indexKind(model).indexed(vectorColumn(model.dimension))})`)
}

/** The guide's name belongs to the first model of a dimension. */
export async function freeHnswIndexName(
  db: Queryable,
  schema: string,
  model: { readonly id: number; readonly dimension: number },
): Promise<string> {
  const plain = hnswIndexName(model.dimension)
  return (await relationExists(db, { schema, name: plain })) ? hnswIndexNameOfModel(model) : plain
}

/** When a model's HNSW index is dropped, the next model of the dimension gets the guide's name. */
export async function giveFreedHnswIndexName(
  tx: Queryable,
  schema: string,
  gone: { readonly id: number; readonly dimension: number },
): Promise<void> {
  const plain = hnswIndexName(gone.dimension)
  if (await relationExists(tx, { schema, name: plain })) return
  const { rows } = await tx.query<{ name: string }>(sql`
    select c.relname as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind = 'i'
      and c.relname ~ ${`^${plain}_model_[0-9]+$`}
    order by substring(c.relname from '[0-9]+$')::int
    limit 1`)
  const [heir] = rows
  if (heir !== undefined) {
    await tx.query(sql`alter index ${ident(schema, heir.name)} rename to ${ident(plain)}`)
  }
}

export async function tableOfModel(db: Queryable, model: ModelSpace): Promise<TableName> {
  const name = modelTableName(model.id)
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass(${name})`)
  const [table] = rows
  if (table === undefined) throw new Error(`The table ${name} does not exist`)
  return table
}
