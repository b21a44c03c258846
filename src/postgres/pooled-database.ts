import { setTimeout as wait } from 'node:timers/promises'
import type { Client, Pool, PoolClient } from 'pg'
import { backOffMs } from '../core/back-off.ts'
import { RevectorError } from '../core/errors.ts'
import { createAcquire, reconnectMs } from './acquire.ts'
import type {
  CloseOptions,
  Database,
  Queryable,
  QueryOptions,
  QueryResult,
  Session,
  TransactionOptions,
} from './database.ts'
import type { DatabaseEvent } from './database-options.ts'
import { databaseError, type Place } from './errors.ts'
import { alwaysFree, holdLocks, holdLocksInTransaction } from './hold-locks.ts'
import { isUndecided, lostCommitOf, statusOf } from './lost-commit.ts'
import { createNesting } from './nesting.ts'
import { createSendPrepared } from './prepared.ts'
import { databaseBackOff, onlyReads, type Trouble, troubleOfOurs } from './retry.ts'
import type { Silence } from './silence.ts'
import type { Sql } from './sql.ts'
import { type DatabaseFacts, queryableOn, send } from './statement.ts'
import { type Lease, streamRows } from './stream-rows.ts'
import { endTransaction, runTransaction } from './transaction.ts'

export interface PooledDatabaseOptions {
  readonly pool: Pool
  readonly engine: Database['engine']
  readonly pgvectorVersion: string
  readonly schema: string | null
  readonly context: DatabaseFacts
  /** A statement that every new connection runs; a session that is reset runs it again. */
  readonly sessionSettings: string | null
  readonly files: Database['files']
  /** Connects outside of the pool. */
  readonly connect: () => Promise<Client>
  /** Connections that may fail before no server is left to try. */
  readonly attempts: number
  readonly onEvent?: (event: DatabaseEvent) => void
  /** The same database without a pooler in between; null: not configured. */
  readonly direct: (() => Promise<Database>) | null
  /** Null: an engine in this process. */
  readonly silence: Silence | null
  /** Runs after the pool has ended. */
  readonly afterClose: (options?: CloseOptions) => Promise<void>
}

/**
 * How often conflicts are retried: with jittered waits up to a second, that is several seconds of contention.
 */
const conflictAttempts = 10
const silentAttempts = 2
/** How long polite ends of idle connections may take. */
const farewellMs = 500

/** A `Database` over a pool of `pg` clients: the same code for both engines. */
export function createPooledDatabase(deps: PooledDatabaseOptions): Database {
  const { pool, context } = deps
  const nesting = createNesting()
  const sendPrepared = createSendPrepared()
  const closing = new AbortController()
  let closed: Promise<void> | null = null

  async function pause(trouble: Trouble, attempt: number): Promise<void> {
    const waitMs = backOffMs(attempt, databaseBackOff)
    deps.onEvent?.({ type: 'database.retry', trouble, attempt, waitMs })
    await wait(waitMs, undefined, { signal: closing.signal, ref: true }).catch(() => assertOpen())
  }

  // pg-pool drops callers that wait for a client when it ends, so it ends only when no caller waits.
  let inUse = 0
  let allBack: () => void = () => {}
  function giveBack(): void {
    inUse -= 1
    if (inUse === 0) allBack()
  }
  async function untilAllBack(): Promise<void> {
    if (inUse === 0) return
    await new Promise<void>((resolve) => {
      allBack = resolve
    })
  }

  async function untilBack(patienceMs: number | undefined): Promise<void> {
    const back = untilAllBack()
    if (patienceMs === undefined || deps.silence === null) return back
    const stop = new AbortController()
    const over = wait(patienceMs, undefined, { signal: stop.signal }).catch(() => {})
    await Promise.race([back, over])
    stop.abort()
    if (inUse > 0) await deps.silence.end(0)
    await back
  }

  function assertOpen(): void {
    if (closed === null) return
    throw new RevectorError('DATABASE_FAILED', 'The database is closed.', { hint: 'Open it again.' })
  }

  const acquire = createAcquire({ ...deps, place: context.place, assertOpen, pause })

  /** A client and the function that releases it; a client whose connection failed is discarded. */
  async function lease(): Promise<Lease> {
    inUse += 1
    const client = await acquire().catch((error: unknown) => {
      giveBack()
      throw error
    })
    let broken = false
    const markBroken = (): void => {
      broken = true
    }
    client.once('error', markBroken)
    client.once('end', markBroken)
    return {
      client,
      release: (unfit = false) => {
        client.off('error', markBroken)
        client.off('end', markBroken)
        client.release(broken || unfit)
        giveBack()
      },
    }
  }

  async function withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const { client, release } = await lease()
    let unfit = false
    try {
      return await use(client)
    } catch (error) {
      const trouble = troubleOfOurs(error)
      unfit = trouble === 'lost' || trouble === 'silent'
      throw error
    } finally {
      release(unfit)
    }
  }

  /** Repeats `once` while the table of retries says that it may be. */
  async function persist<T>(
    once: () => Promise<T>,
    mayRepeat: (trouble: Trouble, error: unknown) => boolean,
  ): Promise<T> {
    const deadline = Date.now() + reconnectMs
    for (let attempt = 1; ; attempt++) {
      try {
        return await once()
      } catch (error) {
        const trouble = troubleOfOurs(error)
        const most = trouble === 'conflict' ? conflictAttempts : trouble === 'silent' ? silentAttempts : 0
        const patient = most > 0 ? attempt < most : Date.now() < deadline
        if (trouble === null || !patient || !mayRepeat(trouble, error)) throw error
        await pause(trouble, attempt)
      }
    }
  }

  /** A statement that reads, sent again as often as it has to be. */
  const look = <Row extends object>(statement: Sql): Promise<QueryResult<Row>> =>
    persist(
      () => withClient((client) => queryableOn(client, context).query<Row>(statement)),
      (trouble) => /^(lost|silent)$/.test(trouble),
    )

  async function transaction<T>(
    work: (tx: Queryable) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    nesting.assertOutside()
    return persist(
      async () => {
        try {
          return await withClient((client) =>
            nesting.enter(() => runTransaction(client, context, work, options)),
          )
        } catch (error) {
          const commit = lostCommitOf(error)
          const status = commit === undefined ? null : await statusOf(commit, { look, pause })
          if (status === 'committed') return commit?.value as T
          throw status === 'aborted' ? databaseError((error as RevectorError).cause, context.place) : error
        }
      },
      (trouble, error) => {
        if (options.retry === false) return false
        if (isUndecided(error)) return options.idempotent === true
        return trouble === 'conflict' || trouble === 'lost' || trouble === 'silent'
      },
    )
  }

  async function session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    nesting.assertOutside()
    if (context.pooling === 'transaction') {
      if (deps.direct === null) throw directUrlMissing(context.place)
      const direct = await deps.direct()
      return await nesting.enter(() => direct.session(work))
    }
    const { client, release } = await lease()
    const one: Session = {
      ...queryableOn(client, context),
      onNotice: (listen) => {
        const hear = ({ message }: { readonly message?: string | undefined }) => listen(message ?? '')
        client.on('notice', hear)
        return () => client.off('notice', hear)
      },
      transaction: (inner, options = {}) =>
        persist(
          () => runTransaction(client, context, inner, options),
          (trouble) => trouble === 'conflict' && options.retry !== false,
        ),
    }
    try {
      return await nesting.enter(() => work(one))
    } finally {
      release(!(await resetSession(client, deps.sessionSettings)))
    }
  }

  return {
    engine: deps.engine,
    serverVersion: context.serverVersion,
    pgvectorVersion: deps.pgvectorVersion,
    schema: deps.schema,
    concurrent: deps.engine === 'server',
    files: deps.files,
    connections: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    query: async <Row extends object>(statement: Sql, options: QueryOptions = {}) => {
      nesting.assertOutside()
      if (context.singleStatementsToo) {
        const { idempotent = false } = options
        return transaction((tx) => tx.query<Row>(statement), { idempotent })
      }
      const sendIt = options.prepared === true ? sendPrepared : send
      const repeatable = (): boolean => options.idempotent ?? options.readOnly ?? onlyReads(statement.text)
      return persist(
        () =>
          withClient((client) =>
            sendIt<Row>(client, statement, context.pgvector).catch((error: unknown) => {
              throw databaseError(error, context.place)
            }),
          ),
        (trouble) => trouble === 'conflict' || (/^(lost|silent)$/.test(trouble) && repeatable()),
      )
    },
    transaction,
    session,
    holdLocks: async () => {
      assertOpen()
      if (deps.engine === 'embedded') return alwaysFree
      if (context.pooling !== 'transaction') return holdLocks(deps.connect, context)
      return deps.direct === null
        ? holdLocksInTransaction(deps.connect, context)
        : (await deps.direct()).holdLocks()
    },
    stream: (statement, options) => {
      nesting.assertOutside()
      return streamRows({ engine: deps.engine, context, lease }, statement, options)
    },
    close: (options = {}) => {
      closed ??= (async () => {
        closing.abort()
        const begun = performance.now()
        await untilBack(options.patienceMs)
        await pool.end()
        await deps.silence?.end(farewellMs)
        const { patienceMs } = options
        const leftMs = Math.max(0, (patienceMs ?? 0) - (performance.now() - begun))
        await deps.afterClose(patienceMs === undefined ? {} : { patienceMs: leftMs })
      })()
      return closed
    },
  }
}

function directUrlMissing({ address }: Place): RevectorError {
  return new RevectorError(
    'DIRECT_URL_MISSING',
    `The connection pooler at ${address} changes backends between transactions, and this work (an index build, an upgrade) needs one session.`,
    {
      hint: 'Set DIRECT_DATABASE_URL to the URL of the server itself; searches and writes keep using the pooler.',
    },
  )
}

/** Resets what a session may have left: a transaction, settings, advisory locks, temporary tables. */
async function resetSession(client: PoolClient, settings: string | null): Promise<boolean> {
  try {
    await endTransaction(client)
    await client.query('reset all; reset role; select pg_advisory_unlock_all(); discard temp; unlisten *')
    if (settings !== null) await client.query(settings)
    return true
  } catch {
    return false
  }
}
