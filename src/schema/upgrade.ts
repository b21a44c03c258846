import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Database } from '../postgres/database.ts'
import { createFresh, isFresh } from './fresh.ts'
import { appliedRevision, latestRevision, readHistory, refuseNewer } from './history.ts'
import { withSchemaLock, withShortLocks } from './locks.ts'

export interface RunOptions {
  /** Stop at this revision. Default: the latest. */
  readonly to?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface RunResult {
  /** Revision before and after. Equal: there was nothing to do. */
  readonly from: number
  readonly to: number
}

/**
 * Brings the schema to a revision. May be started many times at once and killed at any point: one works, the
 * others wait and find it done, and another run goes on where one stopped.
 *
 * @throws RevectorError SCHEMA_NEWER, UPGRADE_REFUSED, UPGRADE_MODEL_UNKNOWN, INVALID_INPUT, INTERRUPTED
 */
export async function runRevisions(db: Database, options: RunOptions = {}): Promise<RunResult> {
  const to = checkedTarget(options.to)
  return await withSchemaLock(
    db,
    async ({ session }) => {
      const history = await readHistory(session)
      refuseNewer(history)
      const from = appliedRevision(history)
      if (from >= to) return { from, to: from }
      if (await isFresh(session)) {
        await withShortLocks(session, (tx) => createFresh(tx, to), options)
        options.onProgress?.({ type: 'schema.step', revision: to, step: 'create', detail: 'tables created' })
      }
      return { from, to }
    },
    options,
  )
}

function checkedTarget(to: number | undefined): number {
  if (to === undefined) return latestRevision
  if (Number.isInteger(to) && to >= 1 && to <= latestRevision) return to
  throw new RevectorError(
    'INVALID_INPUT',
    `A revision to run to must be from 1 to ${latestRevision}: came ${to}.`,
    { hint: `Leave it out to run to ${latestRevision}.`, data: { to, latest: latestRevision } },
  )
}
