import type { Client } from 'pg'
import type { LockHolder } from './database.ts'
import { databaseError } from './errors.ts'
import { raw, type Sql, sql } from './sql.ts'
import { type DatabaseFacts, send } from './statement.ts'
import { beginText } from './transaction.ts'

/** Whatever the role's own settings are: nothing is asked for as long as the locks are held. */
const keepSession = raw(`
  select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'`)
const keepTransaction = raw(`
  select set_config(name, '0', true) from pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout')`)

interface Line {
  run<Row extends object>(statement: Sql): Promise<readonly Row[]>
  /** Whatever happens: the connection may be gone, and the locks with it. */
  end(last: string): Promise<void>
}

/**
 * Locks of a session, on a connection of its own. Between its statements such a session has no transaction, so no
 * CREATE INDEX CONCURRENTLY waits for it, neither while it asks for a lock nor while it holds one.
 *
 * @throws RevectorError of the connection
 */
export async function holdLocks(connect: () => Promise<Client>, facts: DatabaseFacts): Promise<LockHolder> {
  const line = await open(connect, facts)
  await line.run(keepSession).catch(async (error: unknown) => {
    await line.end('select')
    throw error
  })
  return {
    async tryLock(key) {
      const [row] = await line.run<{ taken: boolean }>(sql`select pg_try_advisory_lock(${key}) as taken`)
      return row?.taken === true
    },
    // A pooler may give the session to another client.
    release: () => line.end('select pg_advisory_unlock_all()'),
  }
}

/**
 * Locks of a transaction that stays open, where a pooler gives each transaction another backend. While it asks for its
 * first lock, each attempt is a transaction of its own: CREATE INDEX CONCURRENTLY of the one who has the lock may have seen a
 * snapshot of this one, and would wait for its end.
 *
 * @throws RevectorError of the connection
 */
export async function holdLocksInTransaction(
  connect: () => Promise<Client>,
  facts: DatabaseFacts,
): Promise<LockHolder> {
  const line = await open(connect, facts)
  let held = false
  return {
    async tryLock(key) {
      if (!held) {
        await line.run(beginText(facts, {}))
        await line.run(keepTransaction)
      }
      const [row] = await line.run<{ taken: boolean }>(sql`select pg_try_advisory_xact_lock(${key}) as taken`)
      const taken = row?.taken === true
      if (taken) held = true
      // A statement with parameters leaves its portal, and that a snapshot; the next one takes them away.
      await line.run(raw(held ? 'select' : 'rollback'))
      return taken
    },
    release: () => line.end(held ? 'rollback' : 'select'),
  }
}

async function open(connect: () => Promise<Client>, { place, pgvector }: DatabaseFacts): Promise<Line> {
  const failed = (error: unknown): never => {
    throw databaseError(error, place)
  }
  const client = await connect().catch(failed)
  return {
    run: async <Row extends object>(statement: Sql) =>
      (await send<Row>(client, statement, pgvector).catch(failed)).rows,
    async end(last) {
      await client.query(last).catch(() => {})
      await client.end().catch(() => {})
    },
  }
}

/** The embedded engine has one session, which one caller has at a time. */
export const alwaysFree: LockHolder = { tryLock: async () => true, release: async () => {} }
