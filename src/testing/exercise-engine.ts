import type { Database } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { statements } from './engine/statements.ts'
import { streams } from './engine/streams.ts'
import { sessions, transactions } from './engine/transactions.ts'
import type { SuiteRunner } from './exercise-embedding-model.ts'
import { rejects } from './expectations.ts'

export interface EngineSuiteRunner extends SuiteRunner {
  /** Runs once, after the tests of the suite: `afterAll` of vitest and jest, `after` of node:test and mocha. */
  after(body: () => Promise<void>): void
}

/**
 * What Revector relies on in a database engine, as a suite of tests. `open` gives an empty database; it is called
 * twice, and both are closed.
 *
 *     import { afterAll, describe, it } from 'vitest'
 *     exerciseEngine(() => connectDatabase({ dataDir: 'memory:' }), { describe, it, after: afterAll })
 */
export function exerciseEngine(open: () => Promise<Database>, runner: EngineSuiteRunner): void {
  let opened: Promise<Database> | null = null
  const test = (name: string, body: (db: Database) => Promise<void>): void =>
    runner.it(name, async () => {
      opened ??= open()
      await body(await opened)
    })

  runner.describe('engine', () => {
    runner.after(async () => {
      await (await opened)?.close()
    })
    statements(test)
    transactions(test)
    sessions(test)
    streams(test)
    runner.it('closes once, and says so afterwards', async () => {
      const db = await open()
      const running = db.query(sql`select 1`)
      await Promise.all([running.catch(() => {}), db.close(), db.close()])
      await rejects(db.query(sql`select 1`), 'DATABASE_FAILED')
      await rejects(
        db.transaction(() => Promise.resolve()),
        'DATABASE_FAILED',
      )
    })
  })
}
