import { setTimeout as wait } from 'node:timers/promises'
import { backOffMs } from '../core/back-off.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { Database } from './database.ts'
import { sqlstateOf } from './errors.ts'
import { databaseBackOff, troubleOfOurs } from './retry.ts'
import { sql } from './sql.ts'

/** An administrator ends connections as often as he likes. */
const mostEnded = 30
/** Any other loss may come from the work itself, if it brings the server down. */
const mostLost = 3

/**
 * Runs work of a session anew when its connection was lost, or that of its locks: for work that first finds out how far it
 * came.
 */
export async function againWhenLost<T>(
  db: Database,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let [ended, lost] = [0, 0]
  for (;;) {
    try {
      return await work()
    } catch (error) {
      throwIfAborted(signal)
      if (sqlstateOf(error) === '57P01') ended += 1
      else if (/^(lost|unready|refused)$/.test(troubleOfOurs(error) ?? '')) lost += 1
      else throw error
      if (ended > mostEnded || lost > mostLost) throw error
      await wait(backOffMs(ended + lost, databaseBackOff), undefined, signal && { signal }).catch(() => {})
      throwIfAborted(signal)
      // Waits for a server that restarts.
      await db.query(sql`select 1`)
    }
  }
}
