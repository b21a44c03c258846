import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { backOffMs } from '../core/back-off.ts'
import { RevectorError } from '../core/errors.ts'
import type { Setting } from './address/settings.ts'
import type { Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { databaseError, type Place } from './errors.ts'
import { readVersions, type Versions } from './extension.ts'
import { createPooledDatabase } from './pooled-database.ts'
import { type Pooling, poolingOf } from './pooling.ts'
import { databaseBackOff, troubleOf } from './retry.ts'

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
  /** Runs after the pool has ended, even if opening fails. */
  readonly afterClose: () => Promise<void>
}

/** Opens the pool, makes the first connection, and checks the server. */
export async function openPool({
  place,
  pool: config,
  options,
  settings: given = [],
  attempts = 1,
  files,
  direct = null,
  afterClose,
}: PoolRequest): Promise<Database> {
  const own = givenSettings(given)
  let settings = own
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
    return client
  }
  try {
    const { versions, pooling } = await firstConnection(pool, place, {
      patienceMs: options.connectTimeoutMs ?? 10_000,
      attempts,
      connect,
    })
    if (pooling === 'transaction') {
      refuseSettings(given)
      refuseOtherSchema(versions, place)
    } else settings = joined(timeoutSettings(options, 'session'), own, searchPathSettings(versions))
    // Connections made before this line don't have them.
    if (settings !== null) await withIdle(pool, settings)
    return createPooledDatabase({
      pool,
      engine: place.engine,
      serverVersion: versions.serverVersion,
      pgvectorVersion: versions.pgvectorVersion,
      context: {
        place,
        vectorOid: versions.vectorOid,
        pooling,
        transactionSettings: pooling === 'transaction' ? timeoutSettings(options, 'local') : null,
      },
      onEvent: options.onEvent,
      sessionSettings: settings,
      files,
      connect,
      attempts,
      direct,
      afterClose,
    })
  } catch (error) {
    await pool.end().catch(() => {})
    await afterClose()
    throw databaseError(error, place)
  }
}

interface FirstOptions {
  readonly patienceMs: number
  readonly attempts: number
  readonly connect: () => Promise<pg.Client>
}

interface First {
  readonly versions: Versions
  readonly pooling: Pooling
}

async function firstConnection(
  pool: pg.Pool,
  place: Place,
  { patienceMs, attempts, connect }: FirstOptions,
): Promise<First> {
  const deadline = Date.now() + patienceMs
  for (let attempt = 1; ; attempt++) {
    try {
      const client = await pool.connect()
      try {
        const versions = await readVersions(client, place)
        return { versions, pooling: place.engine === 'embedded' ? 'none' : await poolingOf(client, connect) }
      } finally {
        client.release()
      }
    } catch (error) {
      const trouble = troubleOf(error)
      if (trouble !== null && attempt < attempts) continue
      // Wait for a server that is starting; fail if there is none.
      if (trouble !== 'unready' || Date.now() > deadline) throw error
      await wait(backOffMs(attempt, databaseBackOff))
    }
  }
}

/**
 * Not startup parameters: poolers refuse those they do not know. `local`: until the end of the transaction, for a pooler
 * that gives the next one another backend and this backend to another client.
 */
function timeoutSettings(
  { statementTimeoutMs = 0, lockTimeoutMs = 0 }: DatabaseOptions,
  scope: 'session' | 'local',
): string | null {
  const names = { statement_timeout: statementTimeoutMs, lock_timeout: lockTimeoutMs }
  const set = Object.entries(names).flatMap(([name, ms]) =>
    ms > 0 ? [`set ${scope} ${name} = ${Math.ceil(ms)}`] : [],
  )
  return set.length === 0 ? null : set.join('; ')
}

/** In the order of the connection string. */
function givenSettings(settings: readonly Setting[]): string | null {
  return joined(
    ...settings.map(([name, value]) => {
      const [theName, theValue] = [name, value].map(pg.escapeLiteral)
      return `select set_config(${theName}, ${theValue}, false)`
    }),
  )
}

/** @throws RevectorError CONFIG_INVALID */
function refuseSettings(settings: readonly Setting[]): void {
  const [first] = settings
  if (first === undefined) return
  throw new RevectorError(
    'CONFIG_INVALID',
    `The connection string sets ${first[0]}, and the pooler in between keeps no settings of a session.`,
    {
      hint: 'Set it for the user instead (alter role … set …) and remove it there, or connect past the pooler.',
    },
  )
}

/** The extension may be in a schema of its own, as on some hosted databases. */
function searchPathSettings({ extensionSchema }: Versions): string | null {
  if (extensionSchema === null) return null
  const name = extensionSchema.replaceAll("'", "''").replaceAll('"', '""')
  return `select set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), '"${name}"'), false)`
}

/** @throws RevectorError EXTENSION_MISSING */
function refuseOtherSchema({ extensionSchema }: Versions, { user }: Place): void {
  if (extensionSchema === null) return
  throw new RevectorError(
    'EXTENSION_MISSING',
    `The pgvector extension is in the schema "${extensionSchema}", which is not on the search path, and the pooler in between keeps no settings of a session.`,
    { hint: `Run once: alter role "${user}" set search_path = "$user", public, "${extensionSchema}".` },
  )
}

function joined(...settings: readonly (string | null)[]): string | null {
  const present = settings.filter((one) => one !== null)
  return present.length === 0 ? null : present.join('; ')
}

async function withIdle(pool: pg.Pool, settings: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(settings)
  } finally {
    client.release()
  }
}
