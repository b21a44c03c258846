import type { BackOff } from '../core/back-off.ts'
import { RevectorError } from '../core/errors.ts'
import { otherSession } from './address/server-choice.ts'
import { silent } from './silence.ts'

/**
 * What may be retried after which failure: the one place that decides it.
 *
 * - `conflict`: the server rolled the transaction back itself; running it again is always safe.
 * - `lost`: the connection is gone. Before COMMIT was sent nothing was stored, so the transaction may run
 * again; after it the server is asked by the transaction's id whether it was stored (pg_xact_status).
 * - `unready`: the server accepted no connection; nothing ran at all. Worth waiting for.
 * - `refused`: the host accepts no connection. Retried if it did before (a restart), not at the first attempt.
 * - `silent`: the server did not answer in time, so there was a wait already. One more try on a new connection, no more.
 *
 * Anything else is final. 55P03 (lock not available) is absent on purpose: the caller chose how long to wait.
 * So is 25P03 (idle in a transaction for too long): the same work would be as slow again.
 */
export type Trouble = 'conflict' | 'lost' | 'unready' | 'refused' | 'silent'

const troubles: Readonly<Record<string, Trouble>> = {
  '40001': 'conflict', // serialization_failure
  '40P01': 'conflict', // deadlock_detected
  '57P01': 'lost', // admin_shutdown
  '57P02': 'lost', // crash_shutdown
  '57P05': 'lost', // idle_session_timeout
  '08000': 'lost', // connection_exception
  '08003': 'lost', // connection_does_not_exist
  '08006': 'lost', // connection_failure
  '08007': 'lost', // transaction_resolution_unknown
  '57P03': 'unready', // cannot_connect_now: starting up, shutting down, in recovery
  '53300': 'unready', // too_many_connections
  '08001': 'refused', // sqlclient_unable_to_establish_sqlconnection
  '08004': 'refused', // sqlserver_rejected_establishment_of_sqlconnection
  ECONNRESET: 'lost',
  ECONNABORTED: 'lost',
  EPIPE: 'lost',
  ENOTCONN: 'lost',
  ETIMEDOUT: 'silent',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EAI_AGAIN: 'refused',
  [otherSession]: 'refused',
  [silent]: 'silent',
}

/** `pg` gives these no code. */
const lostMessages = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
])
/** What PgBouncer says for itself, all with one code: it kept no connection, or lost the one that was in use. */
const poolerTroubles: readonly (readonly [RegExp, Trouble])[] = [
  [/^server conn crashed/, 'lost'],
  [/^(server login|pgbouncer cannot connect|query_wait_timeout|no more connections allowed)/, 'unready'],
]
const timedOutMessages = new Set(['timeout expired', 'Connection terminated due to connection timeout'])

/** The trouble of an error of one of our own statements; errors of other systems are not ours to retry. */
export function troubleOfOurs(error: unknown): Trouble | null {
  return error instanceof RevectorError && error.code.startsWith('DATABASE_') ? troubleOf(error.cause) : null
}

export function troubleOf(error: unknown): Trouble | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (lostMessages.has(error.message)) return 'lost'
  if (code === '08P01') return poolerTroubleOf(error.message)
  if (timedOutMessages.has(error.message)) return 'silent'
  return troubles[code] ?? null
}

/** Null for a protocol violation of other kinds. */
export function poolerTroubleOf(message: string): Trouble | null {
  return poolerTroubles.find(([said]) => said.test(message))?.[1] ?? null
}

/**
 * Whether a single statement only reads, so that it may run twice. Errs on the side of no: a word in a literal
 * counts like a keyword.
 */
export function onlyReads(text: string): boolean {
  return (
    /^\s*(select|with|values|table|show)\b/i.test(text) &&
    !/\b(insert|update|delete|merge|into|nextval|setval|set_config|lock|pg_\w*lock\w*|pg_notify)\b/i.test(
      text,
    )
  )
}

/**
 * Milliseconds to wait before attempt `attempt` (1-based) is repeated: full jitter under 25, 50, 100 … 1,000.
 */
export const databaseBackOff: BackOff = { firstMs: 25, longestMs: 1_000, fixedShare: 0 }
