import type { ClientBase } from 'pg'
import { RevectorError } from '../core/errors.ts'
import type { Queryable, TransactionOptions } from './database.ts'
import { databaseError } from './errors.ts'
import { liftLimits } from './lift-limits.ts'
import { idOf, needsId, unknownOutcome } from './lost-commit.ts'
import { troubleOf } from './retry.ts'
import { raw, type Sql } from './sql.ts'
import { type DatabaseFacts, queryableOn } from './statement.ts'
import { takeRole } from './take-role.ts'

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
  let id: string | null | undefined
  try {
    await tx.query(beginText(context, options))
    if (options.as !== undefined) await takeRole(tx, options.as)
    value = await work(tx)
    if (needsId(client, context, options)) id = await idOf(tx)
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
    const lost = trouble === 'lost' || trouble === 'silent'
    if (!lost || options.readOnly === true || id === null) throw databaseError(error, context.place)
    throw unknownOutcome(error, context, id === undefined ? undefined : { id, value })
  }
  if (command !== 'COMMIT') throw ignoredFailure()
  return value
}

/** Rolls back, if there is a transaction: without one the server would log a warning. */
export async function endTransaction(client: ClientBase): Promise<void> {
  if (client.getTransactionStatus() !== 'I') await client.query('rollback')
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
    ...(options.writesChunks === true ? [`set local revector.writer = 'on'`] : []),
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
