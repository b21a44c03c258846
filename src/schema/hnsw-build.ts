import { byteSize } from '../core/byte-size.ts'
import { counted, grouped } from '../core/counted.ts'
import type { OnProgress } from '../core/progress.ts'
import { againWhenLost } from '../postgres/again.ts'
import type { Database } from '../postgres/database.ts'
import { sqlstateOf } from '../postgres/errors.ts'
import { ident, sql } from '../postgres/sql.ts'
import { type BuildLimits, meansOf } from './build-memory.ts'
import { watchedSession } from './build-watch.ts'
import { findTable } from './catalog.ts'
import { freeHnswIndexName, type HnswIndex, hnswIndexOf } from './hnsw-index.ts'
import { type BuildSite, buildIndex } from './index-build.ts'
import { takeIndexBuildLock } from './index-build-lock.ts'
import { indexKind, type Space, vectorColumnName } from './index-kind.ts'
import { type TableName, tableOf } from './layout.ts'
import { type ModelSpace, modelTableName } from './names.ts'
import { mayBuildIndexes, requireRights } from './rights.ts'

export interface BuildOptions {
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
  /** For progress events. */
  readonly modelName?: string
  /** Default: as the server is set up. */
  readonly limits?: BuildLimits
}

/**
 * Makes sure that the model's table has a usable HNSW index and fresh statistics: without them the planner does
 * not use the index. On a server the table stays readable and writable meanwhile. An invalid left-over is
 * replaced. Must not be called inside a transaction. Waits if another session is building it.
 */
export async function buildHnswIndex(
  db: Database,
  model: ModelSpace,
  options: BuildOptions = {},
): Promise<HnswIndex> {
  const built = await build(db, model, { ...options, patient: true })
  if (built === null) throw new Error(`${modelTableName(model.id)} does not exist`)
  return built
}

/**
 * The same, but does nothing if another session is building the HNSW index (it will include all that is stored
 * by now), or if the model has just been removed.
 */
export async function buildHnswIndexUnlessBuilding(
  db: Database,
  model: ModelSpace,
  options: BuildOptions = {},
): Promise<void> {
  await build(db, model, { ...options, patient: false })
}

/** The name may be taken by another model that is being registered. */
const attempts = 3

/** Null: another session is building it, or the table is gone. */
async function build(
  db: Database,
  model: ModelSpace,
  { patient, ...options }: BuildOptions & { readonly patient: boolean },
): Promise<HnswIndex | null> {
  const table = await findTable(db, modelTableName(model.id))
  if (table === null) return null
  if (!(await mayBuildIndexes(db, table.name))) {
    // A load's rows are stored, and searched exactly until the owner builds the index.
    if (!patient) return null
    await requireRights(db, 'owner')
  }
  const { signal } = options
  const turn = { schema: table.schema, model }
  // The server may take a moment to give up the lock of a connection that was lost.
  let waits = patient
  return againWhenLost(db, signal, async () => {
    const locks = await db.holdLocks()
    try {
      if (!(await takeIndexBuildLock(locks, turn, { patient: waits, signal }))) return null
      waits = true
      return await buildAlone(db, model, { ...options, table })
    } finally {
      await locks.release()
    }
  })
}

async function buildAlone(
  db: Database,
  model: ModelSpace,
  { table, ...options }: BuildOptions & { readonly table: TableName },
): Promise<HnswIndex> {
  const { signal } = options
  return await watchedSession(db, signal, async (session, watch) => {
    const site: BuildSite = { session, watch, concurrent: db.concurrent, ...(signal && { signal }) }
    for (let attempt = 1; ; attempt += 1) {
      const found = await hnswIndexOf(session, model)
      if (found?.valid === true) {
        await session.query(sql`analyze ${tableOf(table)}`)
        return found
      }
      if (attempt > attempts) throw new Error(`The HNSW index of ${table.name} vanished while it was built`)
      const name = found?.name ?? (await freeHnswIndexName(session, table.schema, model))
      const space = { space: model, column: vectorColumnName(model.dimension) }
      await unlessTaken(() => buildHnswIndexOn(site, { ...options, ...space, table, name }))
    }
  })
}

/** A model that was just registered may have taken the name: then this one gets another. */
async function unlessTaken(use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } catch (error) {
    if (!nameTaken.has(sqlstateOf(error))) throw error
  }
}

/** duplicate_table, or unique_violation if both were created at once. */
const nameTaken: ReadonlySet<string> = new Set(['42P07', '23505'])

/** Builds an HNSW index and reports events. */
export async function buildHnswIndexOn(
  site: BuildSite,
  request: Omit<BuildOptions, 'signal'> & {
    readonly table: TableName
    readonly name: string
    readonly space: Space
    readonly column: string
  },
): Promise<void> {
  const { table, name, space, onProgress } = request
  const { rows: found } = await site.session.query<{ rows: string }>(
    sql`select count(*)::text as rows from ${tableOf(table)}`,
  )
  const rows = Number(found[0]?.rows ?? 0)
  const model = request.modelName ?? table.name
  const means = await meansOf(site.session, { space, rows, concurrent: site.concurrent }, request.limits)
  onProgress?.({ type: 'index.building', model, rows })
  const started = performance.now()
  await buildIndex(site, {
    table,
    name,
    body: sql`using hnsw (${indexKind(space).indexed(ident(request.column))})`,
    memoryBytes: means.memoryBytes,
    helpers: means.processes - 1,
    onFull: (fit) => {
      const message = `The index of ${model} no longer fits into the ${byteSize(means.memoryBytes)} of its build after ${grouped(fit)} of ${counted(rows, 'vector')}: the rest takes several times as long. It needs about ${byteSize(means.neededBytes)} (--build-memory, or buildMemory in the configuration).`
      onProgress?.({ type: 'warning', message })
    },
    onFraction: (fraction) => onProgress?.({ type: 'index.building', model, rows, fraction }),
  })
  onProgress?.({ type: 'index.built', model, rows, seconds: (performance.now() - started) / 1_000 })
}
