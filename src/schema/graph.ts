import type { OnProgress } from '../core/progress.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { watchedSession } from './build-watch.ts'
import { relationExists } from './catalog.ts'
import { type BuildSite, buildIndex } from './index-build.ts'
import { indexKind, type Space, vectorColumn, vectorColumnName } from './index-kind.ts'
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

/** Before a bulk load into an empty table: the graph is built once, at the end. */
export async function dropGraph(db: Queryable, model: ModelSpace): Promise<void> {
  const table = await tableOfModel(db, model)
  const graph = await graphOf(db, model)
  if (graph !== null) await db.query(sql`drop index ${ident(table.schema, graph.name)}`)
}

export interface BuildOptions {
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
  /** For progress events. */
  readonly modelName?: string
  /** Processes of the server that may help to build. Default: as many as it is set to. */
  readonly helpers?: number
}

/**
 * Makes sure that the model's table has a usable graph and fresh statistics: without them the planner
 * passes the graph by. On a server the table stays readable and writable meanwhile. An invalid left-over is
 * replaced. Must not be called inside a transaction.
 */
export async function buildGraph(
  db: Database,
  model: ModelSpace,
  options: BuildOptions = {},
): Promise<Graph> {
  const table = await tableOfModel(db, model)
  const found = await graphOf(db, model)
  if (found?.valid !== true) {
    const name = found?.name ?? (await freeGraphName(db, table.schema, model))
    await watchedSession(db, options.signal, (session, watch) =>
      buildGraphOn(
        { session, watch, concurrent: db.concurrent, ...(options.signal && { signal: options.signal }) },
        { ...options, table, name, space: model, column: vectorColumnName(model.dimension) },
      ),
    )
  }
  await db.query(sql`analyze ${tableOf(table)}`)
  const built = await graphOf(db, model)
  if (built === null) throw new Error(`The graph of ${table.name} vanished while it was built`)
  return built
}

/** The build of a graph, with its events. */
export async function buildGraphOn(
  site: BuildSite,
  request: Omit<BuildOptions, 'signal'> & {
    readonly table: TableName
    readonly name: string
    readonly space: Space
    readonly column: string
  },
): Promise<void> {
  const { table, name, space, onProgress } = request
  const { rows: counted } = await site.session.query<{ rows: string }>(
    sql`select count(*)::text as rows from ${tableOf(table)}`,
  )
  const rows = Number(counted[0]?.rows ?? 0)
  const model = request.modelName ?? table.name
  onProgress?.({ type: 'index.building', model, rows })
  const started = performance.now()
  await buildIndex(site, {
    table,
    name,
    body: sql`using hnsw (${indexKind(space).indexed(ident(request.column))})`,
    memoryBytes: rows * (space.dimension * 4 + 600),
    ...(request.helpers === undefined ? {} : { helpers: request.helpers }),
    onFraction: (fraction) => onProgress?.({ type: 'index.building', model, rows, fraction }),
  })
  onProgress?.({ type: 'index.built', model, rows, seconds: (performance.now() - started) / 1_000 })
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

async function tableOfModel(db: Queryable, model: ModelSpace): Promise<TableName> {
  const name = modelTableName(model.id)
  const { rows } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass(${name})`)
  const [table] = rows
  if (table === undefined) throw new Error(`The table ${name} does not exist`)
  return table
}
