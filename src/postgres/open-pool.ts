import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { backOffMs } from '../core/back-off.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { Setting } from './address/settings.ts'
import type { CloseOptions, Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { databaseError, type Place } from './errors.ts'
import { readVersions, type Versions } from './extension.ts'
import { createPooledDatabase } from './pooled-database.ts'
import { type Pooling, poolingOf } from './pooling.ts'
import { databaseBackOff, troubleOf } from './retry.ts'
import { type SearchPath, searchPathOf } from './search-path.ts'
import { givenSettings, joined, timeouts, withSchema } from './session-settings.ts'
import type { Silence } from './silence.ts'

export interface PoolRequest {
  readonly place: Place
  readonly pool: pg.PoolConfig
  readonly options: DatabaseOptions
  /** What each session sets first, as the connection string says. */
  readonly settings?: readonly Setting[]
  /** Connections that may fail before no server is left to try. Default: 1. */
  readonly attempts?: number
  readonly files: Database['files']
  /** The same database without a pooler in between; null: not configured. */
  readonly direct?: (() => Promise<Database>) | null
  /** Null: an engine in this process. */
  readonly silence?: Silence | null
  readonly onPooling?: (pooling: Pooling) => void
  /** Runs after the pool has ended, even if opening fails. */
  readonly afterClose: (options?: CloseOptions) => Promise<void>
}

/** Opens the pool, makes the first connection, and checks the server. */
export async function openPool({
  place,
  pool: config,
  options,
  settings: ofConnection = [],
  attempts = 1,
  files,
  direct = null,
  silence = null,
  onPooling,
  afterClose,
}: PoolRequest): Promise<Database> {
  const given = withSchema(ofConnection, options.schema)
  let settings: string | null = null
  const pool = new pg.Pool({
    ...config,
    onConnect: async (client: pg.ClientBase) => {
      // An unhandled 'error' event ends the process, and pg-pool listens only while a client is idle.
      client.on('error', (error) =>
        options.onEvent?.({ type: 'database.connection-lost', message: error.message }),
      )
      if (settings !== null) await client.query(settings)
    },
  })
  pool.on('error', () => {
    // The client has reported it, above; the pool has already dropped the client.
  })
  async function connect(): Promise<pg.Client> {
    const client = new (config.Client ?? pg.Client)(config) as pg.Client
    // What it held is gone; its user learns that from the next statement.
    client.on('error', () => {})
    await client.connect()
    // The schema that a lock's name has is that of the search path, so these sessions need it too.
    if (settings !== null) await client.query(settings)
    return client
  }
  // Cuts the connection that is being made.
  const giveUp = (): void => void silence?.end(0)
  options.signal?.addEventListener('abort', giveUp)
  try {
    throwIfAborted(options.signal)
    const { versions, pooling, searchPath } = await firstConnection(pool, place, {
      patienceMs: options.connectTimeoutMs ?? 10_000,
      attempts,
      connect,
      given,
      signal: options.signal,
    })
    onPooling?.(pooling)
    const pooled = pooling === 'transaction'
    if (!pooled) {
      settings = joined(timeouts(options, 'session'), givenSettings(given, 'session'), searchPath.session)
    }
    // Connections made before this line don't have them.
    if (settings !== null) await withIdle(pool, settings)
    return createPooledDatabase({
      pool,
      engine: place.engine,
      pgvectorVersion: versions.pgvectorVersion,
      schema: options.schema ?? null,
      context: {
        place,
        serverVersion: versions.serverVersion,
        pgvector: versions.pgvector,
        pooling,
        transactionSettings: pooled
          ? joined(timeouts(options, 'local'), givenSettings(given, 'local'), searchPath.local)
          : null,
        singleStatementsToo: pooled && (given.length > 0 || searchPath.local !== null),
      },
      onEvent: options.onEvent,
      sessionSettings: settings,
      files,
      connect,
      attempts,
      direct,
      silence,
      afterClose,
    })
  } catch (error) {
    await pool.end().catch(() => {})
    await silence?.end(0)
    await afterClose()
    throwIfAborted(options.signal)
    throw databaseError(error, place)
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
}

interface FirstOptions {
  readonly patienceMs: number
  readonly attempts: number
  readonly connect: () => Promise<pg.Client>
  readonly given: readonly Setting[]
  readonly signal: AbortSignal | undefined
}

interface First {
  readonly versions: Versions
  readonly pooling: Pooling
  readonly searchPath: SearchPath
}

async function firstConnection(
  pool: pg.Pool,
  place: Place,
  { patienceMs, attempts, connect, given, signal }: FirstOptions,
): Promise<First> {
  const deadline = Date.now() + patienceMs
  for (let attempt = 1; ; attempt++) {
    try {
      const client = await pool.connect()
      try {
        const versions = await readVersions(client, place)
        const searchPath = await searchPathOf(client, givenSettings(given, 'local'))
        const pooling = place.engine === 'embedded' ? 'none' : await poolingOf(client, connect)
        return { versions, pooling, searchPath }
      } finally {
        client.release()
      }
    } catch (error) {
      throwIfAborted(signal)
      const trouble = troubleOf(error)
      if (trouble !== null && attempt < attempts) continue
      // Wait for a server that is starting; fail if there is none.
      if (trouble !== 'unready' || Date.now() > deadline) throw error
      await wait(backOffMs(attempt, databaseBackOff), undefined, signal && { signal }).catch(() => {})
    }
  }
}

async function withIdle(pool: pg.Pool, settings: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(settings)
  } finally {
    client.release()
  }
}
