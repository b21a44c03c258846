import type { Database, LockHolder } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

export type HeldLock = Pick<LockHolder, 'release'>

/** A named lock across all processes, until it is released or the process ends; null if another process has it. */
export async function tryLock(db: Database, name: string): Promise<HeldLock | null> {
  const locks = await db.holdLocks()
  try {
    if (await locks.tryLock(sql`hashtextextended('revector ' || ${name}::text, 0)`)) return locks
  } catch (error) {
    await locks.release()
    throw error
  }
  await locks.release()
  return null
}
