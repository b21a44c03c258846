import { isRevectorError, throwIfAborted } from '../core/errors.ts'
import type { Database, Session } from '../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../postgres/sql.ts'
import { indexState } from './catalog.ts'
import { type TableName, tableOf } from './layout.ts'

export interface IndexRequest {
  readonly table: TableName
  /** In the table's schema. */
  readonly name: string
  readonly unique?: boolean
  /** What follows ON table: `using hnsw (…)`, `(a, b) where …`. */
  readonly body: Sql
  /** What the build would like to hold in memory; the server's setting is raised to it, up to a bound. */
  readonly memoryBytes?: number
  readonly signal?: AbortSignal
  /** Called now and then during a build on a server, 0 to 1. */
  readonly onFraction?: (fraction: number) => void
}

/** A build is given at most this much memory beyond the server's setting. */
const memoryLimitBytes = 1 << 30
const pollMs = 500

/**
 * An index by name, made without blocking writers where the engine can (CONCURRENTLY needs a session outside
 * any transaction). A left-over of an interrupted build is dropped first; a valid one is kept.
 */
export async function buildIndex(db: Database, session: Session, request: IndexRequest): Promise<void> {
  throwIfAborted(request.signal)
  const { table, name } = request
  const state = await indexState(session, { schema: table.schema, name })
  if (state === 'valid') return
  const concurrently = raw(db.concurrent ? 'concurrently' : '')
  if (state === 'invalid') {
    await session.query(sql`drop index ${concurrently} ${ident(table.schema, name)}`)
  }
  const create = sql`
    create ${raw(request.unique === true ? 'unique' : '')} index ${concurrently} ${ident(name)}
      on ${tableOf(table)} ${request.body}`
  const stop = db.concurrent ? await watchBuild(db, session, request) : undefined
  try {
    await raiseMemory(session, request.memoryBytes ?? 0)
    await createIndex(db, session, create, { schema: table.schema, name })
  } catch (error) {
    throwIfAborted(request.signal)
    throw error
  } finally {
    stop?.()
    await session.query(sql`reset maintenance_work_mem`).catch(() => undefined)
  }
}

/** A parallel build needs shared memory that a container may not have: then one process builds. */
async function createIndex(db: Database, session: Session, create: Sql, index: TableName): Promise<void> {
  try {
    await session.query(create)
  } catch (error) {
    const sqlstate = isRevectorError(error) ? error.data['sqlstate'] : undefined
    if (sqlstate !== '53100' && sqlstate !== '53200') throw error
    await session.query(
      sql`drop index ${raw(db.concurrent ? 'concurrently' : '')} if exists ${ident(index.schema, index.name)}`,
    )
    await session.query(sql`set max_parallel_maintenance_workers = 0`)
    try {
      await session.query(create)
    } finally {
      await session.query(sql`reset max_parallel_maintenance_workers`)
    }
  }
}

/** A graph that fits in memory is built several times faster. */
async function raiseMemory(session: Session, bytes: number): Promise<void> {
  const { rows } = await session.query<{ kilobytes: string }>(
    sql`select setting as kilobytes from pg_settings where name = 'maintenance_work_mem'`,
  )
  const wanted = Math.ceil(Math.min(bytes * 1.2, memoryLimitBytes) / 1_024)
  if (wanted > Number(rows[0]?.kilobytes ?? 0)) {
    await session.query(sql`set maintenance_work_mem = ${raw(String(wanted))}`)
  }
}

/** Reports the build's progress from another session, and cancels it there when asked to stop. */
async function watchBuild(db: Database, session: Session, request: IndexRequest): Promise<() => void> {
  const { rows } = await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  const pid = rows[0]?.pid ?? 0
  const cancel = (): void => {
    db.query(sql`select pg_cancel_backend(${pid}::int)`).catch(() => undefined)
  }
  let asking = false
  const timer = setInterval(() => {
    if (asking || request.onFraction === undefined) return
    asking = true
    readFraction(db, pid)
      .then((fraction) => {
        if (fraction !== null) request.onFraction?.(fraction)
      })
      .catch(() => undefined)
      .finally(() => {
        asking = false
      })
  }, pollMs)
  timer.unref()
  request.signal?.addEventListener('abort', cancel, { once: true })
  return () => {
    clearInterval(timer)
    request.signal?.removeEventListener('abort', cancel)
  }
}

async function readFraction(db: Database, pid: number): Promise<number | null> {
  const { rows } = await db.query<{ fraction: number | null }>(sql`
    select case
             when tuples_total > 0 then least(tuples_done::float8 / tuples_total, 1)
             when blocks_total > 0 then blocks_done::float8 / blocks_total
           end as fraction
    from pg_stat_progress_create_index where pid = ${pid}::int`)
  return rows[0]?.fraction ?? null
}
