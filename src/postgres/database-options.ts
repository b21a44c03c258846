import type { ConnectionEnvironment } from './address/parameters.ts'
import type { TlsOptions } from './address/tls-settings.ts'
import type { Trouble } from './retry.ts'

/** What happens to connections, for logs and metrics. */
export type DatabaseEvent =
  | {
      readonly type: 'database.retry'
      readonly trouble: Trouble
      readonly attempt: number
      readonly waitMs: number
    }
  | { readonly type: 'database.connection-lost'; readonly message: string }

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/database?sslmode=…` or `host=… dbname=…`. If not set: the embedded engine. */
  readonly databaseUrl?: string
  /** The same server without a pooler in between, for what needs a session: index builds. */
  readonly directDatabaseUrl?: string
  /** Folder of the embedded engine; `memory:` keeps nothing. Default: `./.revector`. */
  readonly dataDir?: string
  /** Where Revector's own tables lie. Default: the first schema of the search path. */
  readonly schema?: string
  /** Most connections to a server. Default: 10. The embedded engine has one. */
  readonly poolSize?: number
  /**
   * Longest a statement may run, in ms; 0: no limit. Default: 0. The embedded engine ignores it, because it
   * can't be interrupted.
   */
  readonly statementTimeoutMs?: number
  /** Longest wait for a lock, in ms; 0: no limit. Default: 0. */
  readonly lockTimeoutMs?: number
  /** Longest wait for a connection, in ms. Default: 10,000. */
  readonly connectTimeoutMs?: number
  /** TLS, if the URL does not configure it. */
  readonly tls?: TlsOptions
  /** libpq's variables (`PGHOST`, …), for what the URL does not say. Default: none. */
  readonly environment?: ConnectionEnvironment
  /** The application name in pg_stat_activity. Default: `revector`. */
  readonly applicationName?: string
  readonly onEvent?: (event: DatabaseEvent) => void
  /** Ends the opening of a server that does not answer. */
  readonly signal?: AbortSignal
}
