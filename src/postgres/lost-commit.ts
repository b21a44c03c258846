import type { ClientBase } from 'pg'
import { RevectorError } from '../core/errors.ts'
import { reconnectMs } from './acquire.ts'
import type { Queryable, QueryResult, TransactionOptions } from './database.ts'
import { databaseError } from './errors.ts'
import type { Trouble } from './retry.ts'
import { raw, type Sql, sql } from './sql.ts'
import type { DatabaseFacts } from './statement.ts'

/** What reads only, or may happen twice, is just run again. */
export function needsId(client: ClientBase, { place }: DatabaseFacts, options: TransactionOptions): boolean {
  if (place.engine === 'embedded' || options.readOnly === true || options.idempotent === true) return false
  return client.getTransactionStatus() === 'T'
}

/** Null: the transaction has written nothing. */
export async function idOf(tx: Queryable): Promise<string | null> {
  const { rows } = await tx.query<{ id: string | null }>(
    raw('select pg_current_xact_id_if_assigned()::text as id'),
  )
  return rows[0]?.id ?? null
}

/**
 * A commit whose answer was lost: the server knows by this id whether it was stored. A standby that was promoted without it
 * may have given the id to another transaction: that is what asynchronous replication can lose, as commits that were answered.
 */
export interface LostCommit {
  readonly id: string
  /** What the transaction's work returned. */
  readonly value: unknown
}

const commits = new WeakMap<object, LostCommit>()

/** Undefined: it cannot be found out. */
export function lostCommitOf(error: unknown): LostCommit | undefined {
  return typeof error === 'object' && error !== null ? commits.get(error) : undefined
}

/** Whether it is unknown after this error if the transaction was stored. */
export function isUndecided(error: unknown): boolean {
  return error instanceof RevectorError && error.data['outcome'] === 'unknown'
}

/** The error of a commit whose answer was lost; `commit` if it can be looked up. */
export function unknownOutcome(
  error: unknown,
  context: DatabaseFacts,
  commit: LostCommit | undefined,
): RevectorError {
  const described = databaseError(error, context.place)
  const unknown = new RevectorError(
    'DATABASE_FAILED',
    `The connection was lost during a commit: it is unknown whether the transaction was stored.`,
    {
      hint: 'Check whether the change is there, then repeat what is missing.',
      data: { ...described.data, outcome: 'unknown' },
      cause: error,
    },
  )
  if (commit !== undefined) commits.set(unknown, commit)
  return unknown
}

/** What became of the transaction; null: it cannot be found out. */
export async function statusOf(
  { id }: LostCommit,
  how: {
    readonly look: (statement: Sql) => Promise<QueryResult<{ status: string | null }>>
    readonly pause: (trouble: Trouble, attempt: number) => Promise<void>
  },
): Promise<string | null> {
  const deadline = Date.now() + reconnectMs
  try {
    for (let attempt = 1; ; attempt++) {
      const { rows } = await how.look(sql`select pg_xact_status(${id}::xid8) as status`)
      const status = rows[0]?.status ?? null
      if (status !== 'in progress' || Date.now() > deadline) return status
      await how.pause('lost', attempt)
    }
  } catch {
    return null
  }
}
