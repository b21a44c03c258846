import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { backOffMs } from '../core/back-off.ts'
import type { Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { databaseError, type Place } from './errors.ts'
import { readVersions, type Versions } from './extension.ts'
import { createPooledDatabase } from './pooled-database.ts'
import { databaseBackOff, troubleOf } from './retry.ts'

export interface PoolRequest {
  readonly place: Place
  readonly pool: pg.PoolConfig
  readonly options: DatabaseOptions
  readonly files: Database['files']
  /** Runs after the pool has ended, even if opening fails. */
  readonly afterClose: () => Promise<void>
}

/** Opens the pool, makes the first connection, and checks the server. */
export async function openPool({
  place,
  pool: config,
  options,
  files,
  afterClose,
}: PoolRequest): Promise<Database> {
  let searchPath: string | null = null
  const pool = new pg.Pool({
    ...config,
    onConnect: async (client: pg.ClientBase) => {
      // An unhandled 'error' event ends the process, and pg-pool listens only while a client is idle.
      client.on('error', (error) =>
        options.onEvent?.({ type: 'database.connection-lost', message: error.message }),
      )
      if (searchPath !== null) await client.query(searchPath)
    },
  })
  pool.on('error', () => {
    // The client has reported it, above; the pool has already dropped the client.
  })
  try {
    const versions = await firstConnection(pool, place, options.connectTimeoutMs ?? 10_000)
    if (versions.extensionSchema !== null) {
      searchPath = addToSearchPath(versions.extensionSchema)
      // Connections made before this line don't have it.
      await endIdle(pool, searchPath)
    }
    return createPooledDatabase({
      pool,
      engine: place.engine,
      serverVersion: versions.serverVersion,
      pgvectorVersion: versions.pgvectorVersion,
      context: { place, vectorOid: versions.vectorOid },
      onEvent: options.onEvent,
      sessionSettings: searchPath,
      files,
      connect: async () => {
        const client = new (config.Client ?? pg.Client)(config) as pg.Client
        // What was held is gone; who holds it learns that from its next statement.
        client.on('error', () => {})
        await client.connect()
        return client
      },
      afterClose,
    })
  } catch (error) {
    await pool.end().catch(() => {})
    await afterClose()
    throw databaseError(error, place)
  }
}

async function firstConnection(pool: pg.Pool, place: Place, patienceMs: number): Promise<Versions> {
  const deadline = Date.now() + patienceMs
  for (let attempt = 1; ; attempt++) {
    try {
      const client = await pool.connect()
      try {
        return await readVersions(client, place)
      } finally {
        client.release()
      }
    } catch (error) {
      // Wait for a server that is starting; fail if there is none.
      if (troubleOf(error) !== 'unready' || Date.now() > deadline) throw error
      await wait(backOffMs(attempt, databaseBackOff))
    }
  }
}

/** The extension may be in a schema of its own, as on some hosted databases. */
function addToSearchPath(schema: string): string {
  const name = schema.replaceAll("'", "''").replaceAll('"', '""')
  return `select set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), '"${name}"'), false)`
}

async function endIdle(pool: pg.Pool, settings: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(settings)
  } finally {
    client.release()
  }
}
