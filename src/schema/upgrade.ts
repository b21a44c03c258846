import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { addCapture, dropCapture } from './capture/capture.ts'
import { addEffortColumn, dropEffortColumn } from './effort-column.ts'
import { createFresh, isFresh } from './fresh.ts'
import {
  adoptFirstRevision,
  appliedRevision,
  latestRevision,
  type RevisionRow,
  readHistory,
  refuseNewer,
  revisionBefore,
} from './history.ts'
import type { BuildSite } from './index-build.ts'
import { adopt, adoptionUnderWay, undoAdoption } from './legacy/adoption.ts'
import { planAdoption, type UpgradePlan } from './legacy/plan.ts'
import type { FirstModel, TableChoices } from './legacy/record.ts'
import { refuseAnyVectors, refuseOtherVectors } from './legacy/swapped.ts'
import { withSchemaLock, withShortLocks } from './locks.ts'
import { addMigrationTables, dropMigrationTables } from './migration-tables.ts'
import { requireOwnership, requireRights } from './rights.ts'
import { addServiceTables, dropServiceTables } from './service-tables.ts'
import { undoFirst, undoFresh } from './undo.ts'

export type { UpgradePlan } from './legacy/plan.ts'
export type { FirstModel, TableChoices } from './legacy/record.ts'

export interface RunOptions {
  /** Stop at this revision. Default: the latest. */
  readonly to?: number
  /**
   * The model that made the vectors of a table to adopt. Default: text-embedding-ada-002 if they have 1,536
   * dimensions.
   */
  readonly model?: FirstModel
  /** Where chunk texts and documents are, if foreign keys and names don't tell. */
  readonly tables?: TableChoices
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface RunResult {
  /** Revision before and after. Equal if there was nothing to do. */
  readonly from: number
  readonly to: number
  /** Set when a fixed-dimension table was adopted by this run. */
  readonly adopted: {
    readonly table: string
    readonly rows: number
    readonly model: string | null
    /** How long the table was locked, in ms. */
    readonly lockedMs: number
  } | null
}

/**
 * Brings the schema to a revision. May be started many times at once and killed at any point: one process
 * works, the others wait and find it done, and the next run continues where one stopped.
 *
 * @throws RevectorError SCHEMA_NEWER, UPGRADE_REFUSED, UPGRADE_MODEL_UNKNOWN, MODEL_DIMENSION_CONFLICT, INVALID_INPUT, INTERRUPTED
 */
export async function runRevisions(db: Database, options: RunOptions = {}): Promise<RunResult> {
  const to = checkedTarget(options.to ?? latestRevision, 1)
  const history = await readHistory(db)
  const applied = appliedRevision(history)
  if (applied < 2 && to >= 2 && !(await isFresh(db))) {
    // What an adoption alters is known once it is described, which is before its first change.
    const { layout, table } = adoptionUnderWay(history) ?? {}
    if (layout && table) await requireOwnership(db, [table, layout.chunks.table, layout.documents.table])
  } else if (applied < to) await requireRights(db, 'owner')
  return await withSchemaLock(db, (site) => run(site, to, options), options)
}

async function run(site: BuildSite, to: number, options: RunOptions): Promise<RunResult> {
  const { session } = site
  await finishRollback(site, options.onProgress)
  const history = await readHistory(session)
  refuseNewer(history)
  const from = appliedRevision(history)
  if (from >= to) return { from, to: from, adopted: null }
  if (from === 0 && (await isFresh(session))) {
    await withShortLocks(session, (tx) => createFresh(tx, to), options)
    options.onProgress?.({ type: 'schema.step', revision: to, step: 'create', detail: 'creates the tables' })
    return { from, to, adopted: null }
  }
  if (to === 1) {
    await session.transaction(adoptFirstRevision)
    return { from, to, adopted: null }
  }
  const adopted = from < 2 ? await takeOld(site, history, options) : null
  for (const { revision, step, add } of additions) {
    if (revision <= from || revision > to) continue
    await withShortLocks(session, add, options)
    options.onProgress?.({ type: 'schema.step', revision, step, detail: 'is done' })
  }
  return { from, to, adopted }
}

/** Revisions that only add tables, columns or triggers to the others. */
const additions = [
  { revision: 3, step: 'model migrations', add: addMigrationTables, drop: dropMigrationTables },
  { revision: 4, step: 'service', add: addServiceTables, drop: dropServiceTables },
  { revision: 5, step: 'search effort', add: addEffortColumn, drop: dropEffortColumn },
  { revision: 6, step: 'capture', add: addCapture, drop: dropCapture },
] as const

async function takeOld(
  site: BuildSite,
  history: readonly RevisionRow[],
  options: RunOptions,
): Promise<RunResult['adopted']> {
  const { adoption, lockedMs } = await adopt(site, history, options)
  const { table, rows, model } = adoption
  return { table: table.name, rows, model: model?.modelName ?? null, lockedMs }
}

/**
 * Says what `runRevisions` would do to a fixed-dimension table, and refuses whatever it would refuse. Only
 * reads. Null if there is no table to adopt.
 */
export async function planUpgrade(
  db: Queryable,
  options: Pick<RunOptions, 'to' | 'model' | 'tables'> = {},
): Promise<UpgradePlan | null> {
  const history = await readHistory(db)
  refuseNewer(history)
  if (appliedRevision(history) >= 2 || options.to === 1 || (await isFresh(db))) return null
  return await planAdoption(db, options, adoptionUnderWay(history))
}

export interface RollbackOptions {
  /** The revision to go back to. Default: the previous layout, 1 from 2 or later, 0 from 1. */
  readonly to?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface RollbackResult {
  readonly from: number
  readonly to: number
  /** How long `chunk_embeddings` was locked, in ms; 0 if nothing was swapped back. */
  readonly lockedMs: number
}

/**
 * Goes back to an earlier revision, losing no vector: refused while a model other than that of the old table has
 * any. May be killed at any point; another call (or a run) finishes it.
 *
 * @throws RevectorError ROLLBACK_REFUSED, SCHEMA_NEWER, INVALID_INPUT, INTERRUPTED
 */
export async function rollbackRevisions(
  db: Database,
  options: RollbackOptions = {},
): Promise<RollbackResult> {
  await requireRights(db, 'owner')
  return await withSchemaLock(
    db,
    async (site) => {
      const history = await readHistory(site.session)
      refuseNewer(history)
      if (history.some(({ record }) => record['kind'] === 'attached')) throw attached()
      const from = history.reduce((top, { revision }) => Math.max(top, revision), 0)
      const to = checkedTarget(options.to ?? revisionBefore(from), 0)
      let lockedMs = 0
      const adoption = adoptionUnderWay(history)
      const added = additions.filter(({ revision }) => revision <= from && revision > to).reverse()
      const back = from >= 2 && to < 2
      if (added.length > 0) {
        await withShortLocks(
          site.session,
          async (tx) => {
            // Refuse first what would be refused later, before anything is dropped.
            if (back && adoption === null) await refuseAnyVectors(tx)
            else if (back && adoption !== null) await refuseOtherVectors(tx, adoption)
            for (const { drop } of added) await drop(tx)
          },
          options,
        )
      }
      if (back && adoption === null) await withShortLocks(site.session, undoFresh, options)
      else if (back && adoption !== null) lockedMs = await undoAdoption(site, adoption, options.onProgress)
      if (from >= 1 && to < 1) await withShortLocks(site.session, undoFirst, options)
      return { from, to: Math.min(from, to), lockedMs }
    },
    options,
  )
}

function attached(): RevectorError {
  return new RevectorError(
    'ROLLBACK_REFUSED',
    "This installation searches an application's table where it is: it has no earlier layout.",
    { hint: 'To leave the table to its application, run `revector db release`.' },
  )
}

/** An interrupted rollback is finished before anything else begins. */
async function finishRollback(site: BuildSite, onProgress: OnProgress | undefined): Promise<void> {
  const adoption = adoptionUnderWay(await readHistory(site.session))
  if (adoption?.rollingBack === true) await undoAdoption(site, adoption, onProgress)
}

function checkedTarget(to: number, least: number): number {
  if (Number.isInteger(to) && to >= least && to <= latestRevision) return to
  throw new RevectorError(
    'INVALID_INPUT',
    `A revision must be a whole number from ${least} to ${latestRevision}, got ${to}.`,
    { hint: 'Leave it out for the default.', data: { to, least, latest: latestRevision } },
  )
}
