import { type BackOff, backOffMs } from '../core/back-off.ts'
import { isRevectorError, throwIfAborted } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import { againWhenLost } from '../postgres/again.ts'
import type { Database, Queryable, Session } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { pause, takeAdvisoryLock } from './advisory-lock.ts'
import { watchedSession } from './build-watch.ts'
import type { BuildSite } from './index-build.ts'

export interface ShortLockOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
  /** How long to keep trying, in ms. Default: 10 minutes. */
  readonly patienceMs?: number
}

/**
 * One attempt waits this long for its locks. All sessions that come after a waiting ALTER TABLE wait behind it,
 * so a long reader must not cost them more than this.
 */
const lockTimeoutMs = 100

const retrying: BackOff = { firstMs: 75, longestMs: 3_000 }

/**
 * A transaction that briefly needs strong locks: gives up quickly, lets other sessions through, and retries
 * with growing pauses.
 *
 * @throws RevectorError DATABASE_BUSY if a lock was not granted in all that time
 */
export async function withShortLocks<T>(
  session: Pick<Session, 'transaction'>,
  work: (tx: Queryable) => Promise<T>,
  { signal, onProgress, patienceMs = 600_000 }: ShortLockOptions = {},
): Promise<T> {
  const deadline = performance.now() + patienceMs
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal)
    try {
      return await session.transaction(work, { lockTimeoutMs, unhurried: true })
    } catch (error) {
      if (!isRevectorError(error, 'DATABASE_BUSY') || performance.now() > deadline) throw error
      if (attempt === 4) {
        onProgress?.({ type: 'warning', message: 'Waiting for a lock: other sessions are using the table.' })
      }
      await pause(backOffMs(attempt, retrying), signal)
    }
  }
}

/** An arbitrary constant: the first half of the advisory lock's key; the second is the schema. */
const lockClass = 1_382_372_946

/**
 * One change of the schema at a time, across all processes. The others poll rather than wait inside the server:
 * a waiting session holds a snapshot, and CREATE INDEX CONCURRENTLY of the session that works would wait for
 * that. Work whose connection is lost runs anew, so it first finds out how far it came.
 */
export async function withSchemaLock<T>(
  db: Database,
  work: (site: BuildSite) => Promise<T>,
  { signal, onProgress }: ShortLockOptions = {},
): Promise<T> {
  return againWhenLost(db, signal, () => lockedOnce(db, work, { signal, onProgress }))
}

async function lockedOnce<T>(
  db: Database,
  work: (site: BuildSite) => Promise<T>,
  { signal, onProgress }: ShortLockOptions,
): Promise<T> {
  const locks = await db.holdLocks()
  try {
    await takeAdvisoryLock(locks, schemaKey, {
      patient: true,
      signal,
      onWait: () =>
        onProgress?.({ type: 'warning', message: 'Another process is changing the schema: waiting for it.' }),
    })
    return await watchedSession(db, signal, (session, watch) =>
      work({ session, watch, concurrent: db.concurrent, ...(signal && { signal }) }),
    )
  } finally {
    await locks.release()
  }
}

const schemaKey = sql`${lockClass}::int, hashtext(coalesce(current_schema(), ''))`
