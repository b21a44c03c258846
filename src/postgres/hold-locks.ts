import type { Client } from 'pg'
import type { LockHolder } from './database.ts'
import { databaseError } from './errors.ts'
import { raw, sql } from './sql.ts'
import { type DatabaseFacts, send } from './statement.ts'

/** Whatever the role's own settings are: the transaction is idle for as long as the locks are held. */
const keepOpen = raw(`
  select set_config(name, '0', true) from pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout')`)

/** @throws RevectorError of the connection */
export async function holdLocks(
  connect: () => Promise<Client>,
  { place, pgvector }: DatabaseFacts,
): Promise<LockHolder> {
  const client = await connect().catch((error: unknown) => {
    throw databaseError(error, place)
  })
  const end = (): Promise<void> => client.end().catch(() => {})
  const run = async <Row extends object>(statement: Parameters<typeof send>[1]) => {
    try {
      return await send<Row>(client, statement, pgvector)
    } catch (error) {
      throw databaseError(error, place)
    }
  }
  try {
    await run(raw('begin'))
    await run(keepOpen)
  } catch (error) {
    await end()
    throw error
  }
  return {
    async tryLock(key) {
      const { rows } = await run<{ taken: boolean }>(sql`select pg_try_advisory_xact_lock(${key}) as taken`)
      // A statement with parameters leaves its portal, and that a snapshot, for which CREATE INDEX CONCURRENTLY would wait.
      await run(raw('select'))
      return rows[0]?.taken === true
    },
    async release() {
      // The connection may be gone, and the locks with it.
      await client.query('rollback').catch(() => {})
      await end()
    },
  }
}

/** The embedded engine has one session, which one caller has at a time. */
export const alwaysFree: LockHolder = { tryLock: async () => true, release: async () => {} }
