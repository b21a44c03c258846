import { throwIfAborted } from '../core/errors.ts'
import type { Session } from '../postgres/database.ts'
import { sqlstateOf } from '../postgres/errors.ts'
import { ident, raw, type Sql, sql } from '../postgres/sql.ts'
import type { BuildWatch } from './build-watch.ts'
import { indexState } from './catalog.ts'
import { type TableName, tableOf } from './layout.ts'

/** Where an index is built. */
export interface BuildSite {
  readonly session: Session
  readonly watch: BuildWatch
  /** Whether the engine can build without blocking writers. */
  readonly concurrent: boolean
  readonly signal?: AbortSignal
}

export interface IndexRequest {
  readonly table: TableName
  /** In the table's schema. */
  readonly name: string
  readonly unique?: boolean
  /** What follows ON table: `using hnsw (…)`, `(a, b) where …`. */
  readonly body: Sql
  /** Memory of the build; if not set, the server's own `maintenance_work_mem`. */
  readonly memoryBytes?: number
  /** Processes that may help; if not set, the server's own setting. */
  readonly helpers?: number
  /** Called from time to time during a build on a server, with 0 to 1. */
  readonly onFraction?: (fraction: number) => void
  /** Called when pgvector says that the index no longer fits into the build's memory, with the rows that did. */
  readonly onFull?: (rows: number) => void
}

/**
 * Creates an index by name, without blocking writers if the engine can (CONCURRENTLY needs a session outside
 * any transaction). A left-over of an interrupted build is dropped first; a valid index is kept.
 */
export async function buildIndex(site: BuildSite, request: IndexRequest): Promise<void> {
  const { session, signal } = site
  throwIfAborted(signal)
  const state = await indexState(session, { schema: request.table.schema, name: request.name })
  if (state === 'valid') return
  if (state === 'invalid') await dropIndex(site, { schema: request.table.schema, name: request.name })
  if (request.memoryBytes !== undefined) await setMemory(session, request.memoryBytes)
  if (request.helpers !== undefined) await limitHelpers(session, request.helpers)
  const stopListening = session.onNotice((message) => {
    const [, rows] = full.exec(message) ?? []
    if (rows !== undefined) request.onFull?.(Number(rows))
  })
  try {
    await site.watch.during(
      session,
      (fraction) => request.onFraction?.(fraction),
      () => createIndex(site, request),
    )
  } catch (error) {
    throwIfAborted(signal)
    throw error
  } finally {
    stopListening()
    await session.query(sql`reset maintenance_work_mem`).catch(() => undefined)
    await session.query(sql`reset max_parallel_maintenance_workers`).catch(() => undefined)
  }
}

export async function dropIndex(site: Omit<BuildSite, 'watch'>, index: TableName): Promise<void> {
  await site.session.query(sql`
    drop index ${raw(site.concurrent ? 'concurrently' : '')} if exists ${ident(index.schema, index.name)}`)
}

/**
 * A parallel build needs shared memory that a container may not have: then one process builds. What a build that ran out of
 * disk has left is dropped, so that its space is free for everything else.
 */
async function createIndex(site: BuildSite, request: IndexRequest): Promise<void> {
  const create = sql`
    create ${raw(request.unique === true ? 'unique' : '')} index ${raw(site.concurrent ? 'concurrently' : '')}
      ${ident(request.name)} on ${tableOf(request.table)} ${request.body}`
  const drop = () => dropIndex(site, { schema: request.table.schema, name: request.name })
  try {
    await site.session.query(create)
  } catch (error) {
    if (!ranOut.has(sqlstateOf(error))) throw error
    await drop()
    if (!isOfSharedMemory(error)) throw error
    await limitHelpers(site.session, 0)
    await site.session.query(create).catch(async (again: unknown) => {
      if (ranOut.has(sqlstateOf(again))) await drop()
      throw again
    })
  }
}

/** disk_full, out_of_memory. */
const ranOut: ReadonlySet<string> = new Set(['53100', '53200'])

/** The server's source file tells a full /dev/shm from a full disk: both are disk_full. */
function isOfSharedMemory(error: unknown): boolean {
  if (sqlstateOf(error) === '53200') return true
  const { cause } = error instanceof Error ? error : {}
  return typeof cause === 'object' && cause !== null && Reflect.get(cause, 'file') === 'dsm_impl.c'
}

async function limitHelpers(session: Session, helpers: number): Promise<void> {
  const name = 'max_parallel_maintenance_workers'
  await session.query(sql`
    select set_config(${name}, least(current_setting(${name})::int, ${helpers}::int)::text, false)`)
}

/** pgvector's notice. */
const full = /hnsw graph no longer fits into maintenance_work_mem after (\d+) tuples/

/** An HNSW index that fits in memory is built several times faster. */
async function setMemory(session: Session, bytes: number): Promise<void> {
  await session.query(sql`set maintenance_work_mem = ${raw(String(Math.floor(bytes / 1_024)))}`)
}
