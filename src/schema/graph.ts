import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { relationExists } from './catalog.ts'
import { indexKind, vectorColumn } from './index-kind.ts'
import { type TableName, tableOf } from './layout.ts'
import { graphName, graphNameOfModel, type ModelSpace, modelTableName } from './names.ts'

/** A model's HNSW index. */
export interface Graph {
  readonly name: string
  /** False after an interrupted build: it is not searched, and the next build replaces it. */
  readonly valid: boolean
  readonly bytes: number
}

/** The graph of a model's table, or null. */
export async function graphOf(
  db: Queryable,
  model: Pick<ModelSpace, 'id' | 'dimension'>,
): Promise<Graph | null> {
  const { rows } = await db.query<{ name: string; valid: boolean; bytes: string }>(sql`
    select c.relname as name, i.indisvalid as valid, pg_relation_size(c.oid)::text as bytes
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am m on m.oid = c.relam and m.amname = 'hnsw'
    where i.indrelid = to_regclass(${modelTableName(model.id)})
      and c.relname in (${graphName(model.dimension)}, ${graphNameOfModel(model)})
    order by i.indisvalid desc`)
  const [row] = rows
  return row === undefined ? null : { name: row.name, valid: row.valid, bytes: Number(row.bytes) }
}

/** Before a bulk load into an empty table: the graph is built once, at the end. Gone already, it may be. */
export async function dropGraph(db: Queryable, model: ModelSpace): Promise<void> {
  const table = await tableOfModel(db, model)
  const graph = await graphOf(db, model)
  if (graph !== null) await db.query(sql`drop index if exists ${ident(table.schema, graph.name)}`)
}

export async function createEmptyGraph(tx: Queryable, table: TableName, model: ModelSpace): Promise<void> {
  const name = await freeGraphName(tx, table.schema, model)
  await tx.query(sql`
    create index ${ident(name)} on ${tableOf(table)}
      using hnsw (${indexKind(model).indexed(vectorColumn(model.dimension))})`)
}

/** The guide's name belongs to the first model of a dimension that wants it. */
export async function freeGraphName(
  db: Queryable,
  schema: string,
  model: { readonly id: number; readonly dimension: number },
): Promise<string> {
  const plain = graphName(model.dimension)
  return (await relationExists(db, { schema, name: plain })) ? graphNameOfModel(model) : plain
}

/** When a model's graph is gone, the next model of the dimension takes over the guide's name. */
export async function giveFreedGraphName(
  tx: Queryable,
  schema: string,
  gone: { readonly id: number; readonly dimension: number },
): Promise<void> {
  const plain = graphName(gone.dimension)
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
