import type { ConnectionOptions } from 'node:tls'
import type pg from 'pg'
import { throwIfAborted } from '../core/errors.ts'
import { inTime } from '../core/in-time.ts'
import { addressText, resolveAddress, type ServerAddress } from './address/address.ts'
import { createServerChoice } from './address/server-choice.ts'
import { tlsAttempts } from './address/tls.ts'
import type { CloseOptions, Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { databaseError, type Place, sqlstateOf } from './errors.ts'
import { openPool } from './open-pool.ts'
import { serverClient } from './server-client.ts'
import { createSilence } from './silence.ts'

/** A PostgreSQL server behind a pool of connections. */
export async function openServer(databaseUrl: string, options: DatabaseOptions): Promise<Database> {
  const address = await resolveAddress(databaseUrl, options)
  const place: Place = {
    engine: 'server',
    address: addressText(address),
    database: address.database,
    user: address.user,
  }
  const [first, second] = await tlsAttempts(address.tls, options.environment ?? {})
  const direct = openOnce(options)
  const open = (ssl: ConnectionOptions | false): Promise<Database> => {
    const choice = createServerChoice(address)
    const silence = createSilence({
      connectTimeoutMs: address.connectTimeoutMs ?? options.connectTimeoutMs ?? 10_000,
      statementTimeoutMs: options.statementTimeoutMs ?? 0,
    })
    let pooled = false
    return openPool({
      place,
      pool: {
        ...poolConfig(address, options),
        Client: serverClient({ address, choice, ssl, place, silence, pooled: () => pooled }),
      },
      options,
      settings: address.settings,
      attempts: choice.attempts,
      silence,
      onPooling: (pooling) => {
        pooled = pooling !== 'none'
      },
      files: null,
      direct: direct.get,
      afterClose: direct.close,
    })
  }
  try {
    return await open(first)
  } catch (error) {
    throwIfAborted(options.signal)
    if (second !== undefined && mayDoOtherwise(error)) return open(second)
    throw databaseError(error, place)
  }
}

/** One for the session, one to look at the builds in it. */
const directPoolSize = 2

/** The server without a pooler, opened when it is first needed. */
function openOnce({ directDatabaseUrl = '', ...options }: DatabaseOptions) {
  let opened: Promise<Database> | null = null
  const stop = new AbortController()
  return {
    get:
      directDatabaseUrl === ''
        ? null
        : () => {
            opened ??= openServer(directDatabaseUrl, {
              ...options,
              poolSize: directPoolSize,
              signal: stop.signal,
            })
            return opened
          },
    async close(how?: CloseOptions) {
      const opening = opened?.catch(() => null) ?? Promise.resolve(null)
      if (!(await inTime(opening, how?.patienceMs))) stop.abort()
      await (await opening)?.close(how)
    },
  }
}

function poolConfig(address: ServerAddress, options: DatabaseOptions): pg.PoolConfig {
  return {
    max: options.poolSize ?? 10,
    idleTimeoutMillis: 30_000,
    keepAlive: address.keepAlive,
    keepAliveInitialDelayMillis: address.keepAliveIdleMs,
    application_name: address.applicationName ?? options.applicationName ?? 'revector',
  }
}

/** The server has no TLS, or its pg_hba.conf admits this user only with it or only without. */
function mayDoOtherwise(error: unknown): boolean {
  if (sqlstateOf(error) === '28000') return true
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.message.includes('does not support SSL')) return true
  }
  return false
}
