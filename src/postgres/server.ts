import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { RevectorError } from '../core/errors.ts'
import type { Database } from './database.ts'
import type { DatabaseOptions } from './database-options.ts'
import { databaseError, type Place } from './errors.ts'
import { openPool } from './open-pool.ts'
import { parseServerUrl, type ServerAddress } from './server-url.ts'

/** A PostgreSQL server behind a pool of connections. */
export async function openServer(databaseUrl: string, options: DatabaseOptions): Promise<Database> {
  const address = parseServerUrl(databaseUrl, options.tls)
  const place: Place = {
    engine: 'server',
    address: address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`,
    database: address.database,
    user: address.user,
  }
  const secure = address.tls.mode === 'disable' ? false : await tlsConfig(address)
  const direct = openOnce(options)
  const open = (ssl: ConnectionOptions | false): Promise<Database> =>
    openPool({
      place,
      pool: poolConfig(address, ssl, options),
      options,
      files: null,
      direct: direct.get,
      afterClose: direct.close,
    })
  try {
    return await open(secure)
  } catch (error) {
    if (address.tls.mode === 'prefer' && offersNoTls(error)) return open(false)
    throw databaseError(error, place)
  }
}

/** One for the session, one to look at the builds in it. */
const directPoolSize = 2

/** The server without a pooler, opened when it is first needed. */
function openOnce({ directDatabaseUrl = '', ...options }: DatabaseOptions) {
  let opened: Promise<Database> | null = null
  return {
    get:
      directDatabaseUrl === ''
        ? null
        : () => {
            opened ??= openServer(directDatabaseUrl, { ...options, poolSize: directPoolSize })
            return opened
          },
    close: async () => (await opened?.catch(() => null))?.close(),
  }
}

function poolConfig(
  address: ServerAddress,
  ssl: ConnectionOptions | false,
  options: DatabaseOptions,
): pg.PoolConfig {
  const connectTimeoutMs = address.connectTimeoutMs ?? options.connectTimeoutMs ?? 10_000
  // The pool's own limit would include the wait for a free connection; this one only limits connecting.
  class Client extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      // The pool keeps the password from being enumerated.
      super({ ...config, password: config?.password, connectionTimeoutMillis: connectTimeoutMs })
    }
  }
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password: address.password,
    options: address.options,
    ssl,
    max: options.poolSize ?? 10,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: address.applicationName ?? options.applicationName ?? 'revector',
    Client,
  }
}

async function tlsConfig(address: ServerAddress): Promise<ConnectionOptions> {
  const { mode, caFile, certFile, keyFile } = address.tls
  const [ca, cert, key] = await Promise.all([pem(caFile), pem(certFile), pem(keyFile)])
  const verify = mode === 'verify-full' || mode === 'verify-ca' || ca !== undefined
  return {
    rejectUnauthorized: verify,
    ca,
    cert,
    key,
    // Only verify-full requires that the certificate was issued for this host.
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

async function pem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new RevectorError('CONFIG_INVALID', `A certificate file could not be read: ${path}.`, {
      hint: 'Correct sslrootcert, sslcert or sslkey in DATABASE_URL.',
      cause: error,
    })
  }
}

function offersNoTls(error: unknown): boolean {
  const cause = error instanceof RevectorError ? error.cause : error
  return cause instanceof Error && cause.message.includes('does not support SSL')
}
