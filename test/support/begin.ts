import type { Database, Queryable } from '../../src/postgres/database.ts'
import { sql } from '../../src/postgres/sql.ts'

/** A transaction that is open until it is told to end. */
export async function begin(db: Database): Promise<{ readonly tx: Queryable; commit(): Promise<void> }> {
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let done: Promise<void> = Promise.resolve()
  const tx = await new Promise<Queryable>((resolve) => {
    done = db.transaction(async (one) => {
      resolve(one)
      await ended
    })
  })
  return {
    tx,
    commit() {
      end()
      return done
    },
  }
}

/** Ends when a session is seen to wait for this transaction. */
export async function waitedFor(tx: Queryable): Promise<void> {
  for (let waiting = 0; waiting === 0; ) {
    const { rows } = await tx.query(sql`
      select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`)
    waiting = rows.length
  }
}
