import type { Database, LockHolder } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'

export type HeldLock = Pick<LockHolder, 'release'>

/**
 * A named lock across all processes of one installation, until it is released or the process ends; null if another process has
 * it. The oid of a table tells the installations of a database apart.
 */
export async function tryLock(db: Database, name: string): Promise<HeldLock | null> {
  const locks = await db.holdLocks()
  try {
    const key = sql`hashtextextended('revector ' || 'embedding_models'::regclass::oid::text || ' ' || ${name}::text, 0)`
    if (await locks.tryLock(key)) return locks
  } catch (error) {
    await locks.release()
    throw error
  }
  await locks.release()
  return null
}
