import type { ClientBase } from 'pg'
import { RevectorError } from '../core/errors.ts'
import type { Queryable, TransactionOptions } from './database.ts'
import { databaseError } from './errors.ts'
import { troubleOf } from './retry.ts'
import { queryableOn, type StatementContext } from './statement.ts'

/** How a transaction ended when it did not commit, and whether that is certain. */
export class TransactionFailure {
  readonly error: unknown
  /** COMMIT was sent and no answer came: it may have been stored. */
  readonly outcomeUnknown: boolean

  constructor(error: unknown, outcomeUnknown: boolean) {
    this.error = error
    this.outcomeUnknown = outcomeUnknown
  }
}

/** Runs `work` in one transaction on `client`, once. Always leaves the client outside of a transaction, or broken. */
export async function runTransaction<T>(
  client: ClientBase,
  context: StatementContext,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions,
): Promise<{ readonly value: T } | TransactionFailure> {
  let value: T
  try {
    await client.query(beginText(options)).catch((error: unknown) => {
      throw databaseError(error, context.place)
    })
    // What `work` throws of its own is the caller's, and leaves as it is.
    value = await work(queryableOn(client, context))
  } catch (error) {
    await client.query('rollback').catch(() => {
      // The connection is gone, and the transaction with it.
    })
    return new TransactionFailure(error, false)
  }
  try {
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') return new TransactionFailure(ignoredFailure(), false)
  } catch (error) {
    const lost = troubleOf(error) === 'lost'
    if (!lost || options.readOnly === true) {
      return new TransactionFailure(databaseError(error, context.place), false)
    }
    return new TransactionFailure(unknownOutcome(error, context), true)
  }
  return { value }
}

function beginText(options: TransactionOptions): string {
  const isolation = options.isolation === undefined ? '' : ` isolation level ${options.isolation}`
  const access = options.readOnly === true ? ' read only' : ''
  const begin = `begin${isolation}${access}`
  if (options.lockTimeoutMs === undefined) return begin
  return `${begin}; set local lock_timeout = ${Math.max(0, Math.ceil(options.lockTimeoutMs))}`
}

function ignoredFailure(): RevectorError {
  return new RevectorError(
    'DATABASE_FAILED',
    'The transaction was rolled back: one of its statements had failed.',
    {
      hint: 'The error of that statement was caught inside the transaction; let it out.',
    },
  )
}

function unknownOutcome(error: unknown, context: StatementContext): RevectorError {
  const described = databaseError(error, context.place)
  return new RevectorError(
    'DATABASE_FAILED',
    `The connection was lost while a transaction was being committed: it is not known whether it was stored.`,
    {
      hint: 'Look whether the change is there, then repeat what is missing.',
      data: { ...described.data, outcome: 'unknown' },
      cause: error,
    },
  )
}
