import type { Trouble } from './retry.ts'
import type { TlsOptions } from './server-url.ts'

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
  /** `postgresql://user:password@host:port/database?sslmode=…`. Absent: the embedded engine. */
  readonly databaseUrl?: string
  /** Folder of the embedded engine; `memory:` keeps nothing. Default: `./.revector`. */
  readonly dataDir?: string
  /** Connections at most, on a server. Default: 10. The embedded engine has one. */
  readonly poolSize?: number
  /**
   * Longest a statement may run, ms; 0: as long as it takes. Default: 0. The embedded engine takes no notice of it:
   * it can't be interrupted.
   */
  readonly statementTimeoutMs?: number
  /** Longest wait for a lock, ms; 0: as long as it takes. Default: 0. */
  readonly lockTimeoutMs?: number
  /** Longest wait for a connection to be made, ms. Default: 10,000. */
  readonly connectTimeoutMs?: number
  /** How long a server that was reached before and is now away (a restart) is waited for, ms. Default: 30,000. */
  readonly reconnectMs?: number
  /** A connection unused for this long is closed, ms. Default: 30,000. */
  readonly idleTimeoutMs?: number
  /** TLS where the URL does not say it. */
  readonly tls?: TlsOptions
  /** What pg_stat_activity shows. Default: `revector`. */
  readonly applicationName?: string
  readonly onEvent?: (event: DatabaseEvent) => void
}
