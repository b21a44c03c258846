import type { ClientBase } from 'pg'
import { RevectorError } from '../core/errors.ts'
import type { Queryable, TransactionOptions } from './database.ts'
import { databaseError } from './errors.ts'
import { liftLimits } from './lift-limits.ts'
import { troubleOf } from './retry.ts'
import { raw, type Sql } from './sql.ts'
import { type DatabaseFacts, queryableOn } from './statement.ts'

/**
 * Runs `work` in one transaction on `client`, once. Leaves the client outside a transaction, or without
 * connection.
 *
 * @throws whatever `work` threw, as it was; RevectorError of the statements around it
 */
export async function runTransaction<T>(
  client: ClientBase,
  context: DatabaseFacts,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const tx = queryableOn(client, context)
  let value: T
  try {
    await tx.query(beginText(context, options))
    value = await work(tx)
  } catch (error) {
    await endTransaction(client).catch(() => {
      // The connection is gone, and the transaction with it.
    })
    throw error
  }
  let command: string
  try {
    command = (await client.query('commit')).command
  } catch (error) {
    const trouble = troubleOf(error)
    const unknown = (trouble === 'lost' || trouble === 'silent') && options.readOnly !== true
    throw unknown ? unknownOutcome(error, context) : databaseError(error, context.place)
  }
  if (command !== 'COMMIT') throw ignoredFailure()
  return value
}

/** Rolls back, if there is a transaction: without one the server would log a warning. */
export async function endTransaction(client: ClientBase): Promise<void> {
  if (client.getTransactionStatus() !== 'I') await client.query('rollback')
}

/** Whether it is unknown after this error if the transaction was stored. */
export function isUndecided(error: unknown): boolean {
  return error instanceof RevectorError && error.data['outcome'] === 'unknown'
}

export function beginText(
  { transactionSettings, serverVersion }: Pick<DatabaseFacts, 'transactionSettings' | 'serverVersion'>,
  options: TransactionOptions,
): Sql {
  const isolation = options.isolation === undefined ? '' : ` isolation level ${options.isolation}`
  const access = options.readOnly === true ? ' read only' : ''
  const lockTimeoutMs = options.lockTimeoutMs
  const statements = [
    `begin${isolation}${access}`,
    ...(transactionSettings === null ? [] : [transactionSettings]),
    ...(options.unhurried === true ? [liftLimits(serverVersion, 'local')] : []),
    ...(lockTimeoutMs === undefined
      ? []
      : [`set local lock_timeout = ${Math.max(0, Math.ceil(lockTimeoutMs))}`]),
  ]
  return raw(statements.join('; '))
}

function ignoredFailure(): RevectorError {
  return new RevectorError(
    'DATABASE_FAILED',
    'The transaction was rolled back because one of its statements failed.',
    { hint: 'The transaction caught the error of that statement; rethrow it.' },
  )
}

function unknownOutcome(error: unknown, context: DatabaseFacts): RevectorError {
  const described = databaseError(error, context.place)
  return new RevectorError(
    'DATABASE_FAILED',
    `The connection was lost during a commit: it is unknown whether the transaction was stored.`,
    {
      hint: 'Check whether the change is there, then repeat what is missing.',
      data: { ...described.data, outcome: 'unknown' },
      cause: error,
    },
  )
}
