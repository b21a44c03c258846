import type { Database } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

export interface HeldLock {
  release(): Promise<void>
}

/**
 * A named lock across all processes, held by a session of its own until it is released or the process ends;
 * null if another process has it. The embedded engine has one process, so it is always free there.
 */
export async function tryLock(db: Database, name: string): Promise<HeldLock | null> {
  if (!db.concurrent) return { release: async () => {} }
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let holding: Promise<void> = Promise.resolve()
  const taken = await new Promise<boolean>((resolve, reject) => {
    holding = db.session(async (session) => {
      const { rows } = await session.query<{ taken: boolean }>(
        sql`select pg_try_advisory_lock(hashtextextended('revector ' || ${name}::text, 0)) as taken`,
      )
      const mine = rows[0]?.taken === true
      resolve(mine)
      // The lock is released when the session ends.
      if (mine) await released
    })
    holding.catch(reject)
  })
  if (!taken) return null
  return {
    release() {
      release()
      return holding
    },
  }
}
