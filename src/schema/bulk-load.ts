import { isRevectorError } from '../core/errors.ts'
import type { ModelState } from '../core/model.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { vacuumEmbedded } from '../postgres/vacuum.ts'
import { type BuildOptions, buildHnswIndexUnlessBuilding } from './hnsw-build.ts'
import { dropHnswIndex, hnswIndexOf, tableOfModel } from './hnsw-index.ts'
import { holdIndexBuildLock } from './index-build-lock.ts'
import { type ModelSpace, modelTable } from './model-table.ts'
import { mayBuildIndexes } from './rights.ts'

/** Fewer new rows than this go through the HNSW index one by one. */
const fewRows = 64
/**
 * Up to this many rows, searches on a server scan the table anyway, so its HNSW index is not missed during a
 * load.
 */
const smallTable = 5_000
/**
 * On the embedded engine, an insert through an HNSW index takes some 20 ms: from this share of new rows on,
 * rebuilding is faster.
 */
const worthRebuilding = 0.2

type NamedSpace = ModelSpace & { readonly modelName: string; readonly state: ModelState }

export type LoadOptions = Pick<BuildOptions, 'signal' | 'onProgress' | 'limits'>

export interface BulkLoad {
  /**
   * Call before `rows` more vectors are stored: drops the HNSW index if rebuilding it at the end is cheaper.
   */
  before(model: NamedSpace, rows: number): Promise<void>
  /**
   * Builds missing HNSW indexes and refreshes statistics. A load that never gets here leaves a table that is
   * searched exactly; the next load of the model builds its HNSW index. Of several loads at once, one builds it
   * for all.
   */
  finish(options?: LoadOptions): Promise<void>
}

interface Load {
  readonly model: NamedSpace
  /** Vectors this load has announced. */
  rows: number
  /** Rows of the table when the load became large enough to consider. */
  rowsBefore: number | null
  dropped: boolean
}

/**
 * Runs a load to its end. If `work` fails, the HNSW index of what was stored is still built; if it was
 * interrupted, the caller does not wait for that.
 */
export async function bulkLoading<T>(
  db: Database,
  options: LoadOptions,
  work: (load: BulkLoad) => Promise<T>,
): Promise<T> {
  const load = beginBulkLoad(db)
  let result: T
  try {
    result = await work(load)
  } catch (error) {
    // A second failure (the database is gone) must not hide the first.
    if (!isRevectorError(error, 'INTERRUPTED')) await load.finish(options).catch(() => {})
    throw error
  }
  await load.finish(options)
  await vacuumEmbedded(db)
  return result
}

/**
 * Rows first, then the HNSW index, then statistics: what makes a large write fast. One load is one run of a
 * writer.
 */
function beginBulkLoad(db: Database): BulkLoad {
  const loads = new Map<number, Load>()
  return {
    async before(model, rows) {
      const load = loads.get(model.id) ?? { model, rows: 0, rowsBefore: null, dropped: false }
      loads.set(model.id, load)
      load.rows += rows
      if (load.dropped || load.rows < fewRows || isOfMigration(db, model)) return
      load.rowsBefore ??= await countRows(db, model)
      if (isWorthRebuilding(db, load.rowsBefore, load.rows)) load.dropped = await tryDropHnswIndex(db, model)
    },
    async finish(options = {}) {
      for (const { model, rows } of loads.values()) {
        const hnswIndex = await hnswIndexOf(db, model)
        const usable = hnswIndex?.valid === true
        if ((usable && rows < fewRows) || isOfMigration(db, model)) continue
        await buildHnswIndexUnlessBuilding(db, model, { ...options, modelName: model.modelName })
      }
    },
  }
}

/**
 * While a migration fills a model on a server, its workers drop the HNSW index and build it, beside all
 * writers.
 */
function isOfMigration({ concurrent }: Database, { state }: NamedSpace): boolean {
  return concurrent && state === 'filling'
}

/**
 * Call before that many vectors are stored by several workers: drops the HNSW index if rebuilding it at the end
 * is cheaper. The workers then call `buildHnswIndex` themselves.
 *
 * @throws RevectorError DATABASE_BUSY while a long reader holds the table
 */
export async function dropHnswIndexForLoad(
  tx: Queryable,
  model: ModelSpace,
  load: { readonly rows: number; readonly concurrent: boolean },
): Promise<void> {
  if (load.rows < fewRows) return
  if (isWorthRebuilding(load, await countRows(tx, model), load.rows)) await dropUnlessBuilding(tx, model)
}

function isWorthRebuilding(
  { concurrent }: Pick<Database, 'concurrent'>,
  rowsBefore: number,
  rows: number,
): boolean {
  return concurrent ? rowsBefore <= smallTable : rows >= rowsBefore * worthRebuilding
}

async function countRows(db: Queryable, model: ModelSpace): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    sql`select count(*) as count from ${modelTable(model.id)}`,
  )
  return Number(rows[0]?.count ?? 0)
}

/**
 * A long reader may hold the table: then the rows are inserted through the HNSW index, which is slower but
 * correct.
 */
async function tryDropHnswIndex(db: Database, model: ModelSpace): Promise<boolean> {
  try {
    return await db.transaction((tx) => dropUnlessBuilding(tx, model))
  } catch (error) {
    if (isRevectorError(error, 'DATABASE_BUSY')) return false
    throw error
  }
}

/**
 * Leaves an HNSW index alone that another session is building: waiting for its table would keep the build from
 * finishing.
 */
async function dropUnlessBuilding(tx: Queryable, model: ModelSpace): Promise<boolean> {
  const { schema, name } = await tableOfModel(tx, model)
  // A user that may only write goes through the HNSW index.
  if (!(await mayBuildIndexes(tx, name))) return false
  if (!(await holdIndexBuildLock(tx, { schema, model }))) return false
  await dropHnswIndex(tx, model)
  return true
}
