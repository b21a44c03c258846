import { setTimeout as delay } from 'node:timers/promises'
import { throwIfAborted } from '../core/errors.ts'
import type { Queryable, Session } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'

/** Graphs of one dimension share a name that the first of them has, so they are built and dropped in turn. */
export interface GraphTurn {
  readonly schema: string
  readonly dimension: number
}

/** Any fixed number: the first half of the advisory lock's key; the second is the schema with the dimension. */
const lockClass = 1_382_372_947

function key({ schema, dimension }: GraphTurn): Sql {
  return sql`${lockClass}::int, hashtext(${`${schema} ${dimension}`})`
}

/**
 * A turn to build a graph; it ends with the session. Who finds another at it asks again and again rather than wait
 * inside the server: a session that waits there holds a snapshot, for which CREATE INDEX CONCURRENTLY of the other
 * would wait in turn.
 *
 * @returns false when another has it and one is not patient
 */
export async function takeGraphTurn(
  session: Session,
  turn: GraphTurn,
  { patient, signal }: { readonly patient: boolean; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    throwIfAborted(signal)
    const { rows } = await session.query<{ taken: boolean }>(
      sql`select pg_try_advisory_lock(${key(turn)}) as taken`,
    )
    if (rows[0]?.taken === true) return true
    if (!patient) return false
    const ms = Math.min(50 * 1.5 ** attempt, 500) * (0.5 + Math.random())
    await delay(ms, undefined, signal && { signal }).catch(() => throwIfAborted(signal))
  }
}

/** Whether nobody builds such a graph, and nobody will before this transaction ends. */
export async function holdGraphTurn(tx: Queryable, turn: GraphTurn): Promise<boolean> {
  const { rows } = await tx.query<{ taken: boolean }>(
    sql`select pg_try_advisory_xact_lock(${key(turn)}) as taken`,
  )
  return rows[0]?.taken === true
}
