import type { PoolClient } from 'pg'
import { throwIfAborted } from '../core/errors.ts'
import { databaseError } from './errors.ts'
import { ident, raw, type Sql, sql } from './sql.ts'
import { type DatabaseFacts, send } from './statement.ts'
import { beginText } from './transaction.ts'

/** A client taken from the pool. */
export interface Lease {
  readonly client: PoolClient
  /** `unfit`: the connection is closed instead of reused. */
  release(unfit?: boolean): void
}

export interface StreamOptions {
  readonly batchSize?: number
  readonly signal?: AbortSignal
}

interface Source {
  readonly engine: 'embedded' | 'server'
  readonly context: DatabaseFacts
  lease(): Promise<Lease>
}

const cursor = ident('revector_stream')
/** All rows will be read, so the plan that is fastest for the first tenth is not wanted. */
const planForAllRows = sql`set local cursor_tuple_fraction = 1`

/** Rows by cursor, `batchSize` at a time. Leaving the loop early closes it. */
export function streamRows<Row extends object>(
  source: Source,
  statement: Sql,
  options: StreamOptions = {},
): AsyncIterable<readonly Row[]> {
  const fetch = { batchSize: options.batchSize ?? 1_000, signal: options.signal }
  return source.engine === 'server'
    ? fromCursor<Row>(source, statement, fetch)
    : fromHeldCursor<Row>(source, statement, fetch)
}

interface Fetch {
  readonly batchSize: number
  readonly signal: AbortSignal | undefined
}

/** A server: one client is kept, in one read-only transaction. */
async function* fromCursor<Row extends object>(
  source: Source,
  statement: Sql,
  { batchSize, signal }: Fetch,
): AsyncGenerator<readonly Row[]> {
  throwIfAborted(signal)
  const lease = await source.lease()
  const run = runner(source, () => Promise.resolve({ ...lease, release: () => {} }))
  try {
    await run(beginText(source.context, { readOnly: true }))
    await run(planForAllRows)
    await run(sql`declare ${cursor} no scroll cursor for ${statement}`)
    for (;;) {
      throwIfAborted(signal)
      const rows = await run<Row>(fetchText(cursor, batchSize))
      if (rows.length > 0) yield rows
      if (rows.length < batchSize) return
    }
  } finally {
    const ended = await run(sql`rollback`).then(
      () => true,
      () => false,
    )
    lease.release(!ended)
  }
}

/**
 * The embedded engine has one session, and the reader of a stream may use the database for each batch. So the
 * cursor outlives its transaction, and each batch is a statement of its own.
 */
async function* fromHeldCursor<Row extends object>(
  source: Source,
  statement: Sql,
  { batchSize, signal }: Fetch,
): AsyncGenerator<readonly Row[]> {
  throwIfAborted(signal)
  const held = ident(`revector_stream_${crypto.randomUUID()}`)
  const run = runner(source, source.lease)
  await run(sql`declare ${held} no scroll cursor with hold for ${statement}`)
  try {
    for (;;) {
      throwIfAborted(signal)
      const rows = await run<Row>(fetchText(held, batchSize))
      if (rows.length > 0) yield rows
      if (rows.length < batchSize) return
    }
  } finally {
    await run(sql`close ${held}`).catch(() => {
      // The session that held the cursor is gone, and the cursor with it.
    })
  }
}

function fetchText(name: Sql, batchSize: number): Sql {
  return sql`fetch ${raw(String(batchSize))} from ${name}`
}

type Run = <Row extends object>(statement: Sql) => Promise<readonly Row[]>

function runner(source: Source, lease: () => Promise<Lease>): Run {
  return async <Row extends object>(statement: Sql) => {
    const { client, release } = await lease()
    try {
      return (await send<Row>(client, statement, source.context.pgvector)).rows
    } catch (error) {
      throw databaseError(error, source.context.place)
    } finally {
      release()
    }
  }
}
