import type { Database, Session } from '../postgres/database.ts'
import { liftLimits } from '../postgres/lift-limits.ts'
import { raw, sql } from '../postgres/sql.ts'

/** Watches an index build from outside the session that runs it: reports progress and cancels it on request. */
export interface BuildWatch {
  during<T>(session: Session, onFraction: (fraction: number) => void, build: () => Promise<T>): Promise<T>
}

const pollMs = 250

/**
 * A session and a watch over the builds in it. The watch uses the pool, so it lives outside the session; on the
 * embedded engine, which has one session and can't be interrupted, it does nothing.
 */
export async function watchedSession<T>(
  db: Database,
  signal: AbortSignal | undefined,
  work: (session: Session, watch: BuildWatch) => Promise<T>,
): Promise<T> {
  const unhurried = async (session: Session, watch: BuildWatch): Promise<T> => {
    // A build waits for old transactions and takes its time. Closing the session resets its settings.
    await session.query(raw(`${liftLimits(db.serverVersion, 'session')}; set lock_timeout = 0`))
    return await work(session, watch)
  }
  if (!db.concurrent) {
    return await db.session((session) => unhurried(session, { during: (_, __, build) => build() }))
  }
  let building: { readonly pid: number; readonly onFraction: (fraction: number) => void } | null = null
  let asking = false
  const look = async (): Promise<void> => {
    const seen = building
    if (seen === null || asking) return
    asking = true
    try {
      if (signal?.aborted === true) {
        await db.query(sql`select pg_cancel_backend(${seen.pid}::int)`)
        return
      }
      const fraction = await readFraction(db, seen.pid)
      if (fraction !== null && building === seen) seen.onFraction(fraction)
    } catch {
      // Progress is optional: the build itself reports errors.
    } finally {
      asking = false
    }
  }
  const timer = setInterval(() => void look(), pollMs)
  timer.unref()
  const watch: BuildWatch = {
    during: async (session, onFraction, build) => {
      const { rows } = await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
      building = { pid: rows[0]?.pid ?? 0, onFraction }
      try {
        return await build()
      } finally {
        building = null
      }
    },
  }
  try {
    return await db.session((session) => unhurried(session, watch))
  } finally {
    clearInterval(timer)
  }
}

async function readFraction(db: Database, pid: number): Promise<number | null> {
  const { rows } = await db.query<{ fraction: number | null }>(sql`
    select case
             when tuples_total > 0 then least(tuples_done::float8 / tuples_total, 1)
             when blocks_total > 0 then blocks_done::float8 / blocks_total
           end as fraction
    from pg_stat_progress_create_index where pid = ${pid}::int`)
  return rows[0]?.fraction ?? null
}
