import type { Sql } from './sql.ts'

export interface QueryResult<Row> {
  readonly rows: readonly Row[]
  /** Rows read or changed. */
  readonly rowCount: number
}

export interface QueryOptions {
  /**
   * Planned once per connection and reused: for statements whose text is the same in every call. Halves the
   * time of a short one. Ignored if a connection pooler does not keep prepared statements.
   */
  readonly prepared?: boolean
  /** The statement changes nothing, whatever keywords it contains: it is sent again after a lost connection. */
  readonly readOnly?: boolean
  /** The statement may take effect twice: it is sent again after a lost connection. */
  readonly idempotent?: boolean
}

/** Anything that runs statements: the pool, one session, or a transaction. */
export interface Queryable {
  /** @throws RevectorError with the SQLSTATE in `data.sqlstate` */
  query<Row extends object = Record<string, unknown>>(
    statement: Sql,
    options?: QueryOptions,
  ): Promise<QueryResult<Row>>
}

/** A role and settings that hold until a transaction ends, behind a pooler too. */
export interface RoleOfTransaction {
  readonly role: string
  readonly settings: Readonly<Record<string, string>>
}

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  readonly readOnly?: boolean
  /** `SET LOCAL lock_timeout`, ms. */
  readonly lockTimeoutMs?: number
  /** Lifts the role's limits on the time of statements and transactions: for fills and other long work. */
  readonly unhurried?: boolean
  /** Runs everything as this role, which the user of the connection must be allowed to become. */
  readonly as?: RoleOfTransaction
  /** Chunks are written together with their vectors, or with what is pending: the triggers that record it do nothing. */
  readonly writesChunks?: boolean
  /** Runs the whole function again on serialization failures, deadlocks and (when true) lost connections. Default: true. */
  readonly retry?: boolean
  /**
   * `work` may take effect twice: it is run again when the connection was lost during COMMIT. Otherwise the server is first
   * asked whether it was stored; only where it does not tell is that an error with `data.outcome` `'unknown'`. Default: false.
   */
  readonly idempotent?: boolean
}

/** One session for things that live as long as a connection: CREATE INDEX CONCURRENTLY, SET. */
export interface Session extends Queryable {
  /** What the server says beside its answers, as long as this session lives. @returns ends it */
  onNotice(listen: (message: string) => void): () => void
  transaction<T>(work: (tx: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>
}

/** Locks by name across all processes, held by a connection of its own until they are released or the process ends. */
export interface LockHolder {
  /** @returns whether it is held now: false if another holder has it */
  tryLock(key: Sql): Promise<boolean>
  release(): Promise<void>
}

/** Where the embedded engine keeps its files: a folder, or its own memory, which it can pack into a gzipped tar. */
export type DatabaseFiles = { readonly path: string } | { readonly path: null; dump(): Promise<Uint8Array> }

export interface CloseOptions {
  /**
   * Milliseconds that running statements have before the connections to the server are cut. Default: as long as they take.
   * The embedded engine finishes what it does.
   */
  readonly patienceMs?: number
}

export interface Database extends Queryable {
  readonly engine: 'embedded' | 'server'
  /** e.g. '17.6' */
  readonly serverVersion: string
  /** e.g. '0.8.0' */
  readonly pgvectorVersion: string
  /** The configured schema of Revector's own tables, which is the whole search path; null: none is configured. */
  readonly schema: string | null
  /** Whether CREATE INDEX CONCURRENTLY and parallel sessions exist. False on the embedded engine. */
  readonly concurrent: boolean
  /** Null on a server. To be read only inside a session, after a checkpoint. */
  readonly files: DatabaseFiles | null
  /** Open connections, idle ones among them, and callers that wait for one. */
  connections(): { readonly open: number; readonly idle: number; readonly waiting: number }
  /**
   * The only way to run a transaction. Never use the database itself inside `work`: the embedded engine has one
   * session.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>
  session<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** On the embedded engine, which only one process has open, every lock is free. */
  holdLocks(): Promise<LockHolder>
  /** Rows by cursor, `batchSize` at a time, in one read-only transaction: memory stays flat. */
  stream<Row extends object>(
    statement: Sql,
    options?: { readonly batchSize?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<readonly Row[]>
  close(options?: CloseOptions): Promise<void>
}
