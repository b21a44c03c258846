import type { LockHolder, Queryable } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { takeAdvisoryLock } from './advisory-lock.ts'
import type { ModelSpace } from './names.ts'

/**
 * HNSW indexes of one dimension share a name that the first of them has, so they are built and dropped one at a
 * time.
 */
export interface IndexBuildLock {
  readonly schema: string
  readonly model: ModelSpace
}

/**
 * An arbitrary constant: the first half of the advisory locks' keys; the second identifies what is locked, in
 * its schema.
 */
const lockClass = 1_382_372_947

function key(schema: string, what: string): Sql {
  return sql`${lockClass}::int, hashtext(${`${schema} ${what}`})`
}

/** Held while one HNSW index is built or waits to be built. */
const ofModel = ({ schema, model }: IndexBuildLock): Sql => key(schema, `model ${model.id}`)
/** Held while an HNSW index of the dimension is built or dropped. */
const ofDimension = ({ schema, model }: IndexBuildLock): Sql => key(schema, `dimension ${model.dimension}`)

interface Waiting {
  readonly patient: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Takes the right to build the HNSW index of a model, until the holder releases it. Waits while another session
 * builds an HNSW index of the same dimension; waits for one that builds this very index only if `patient`.
 *
 * @returns false if another session builds it, or is about to, and `patient` is false
 */
export async function takeIndexBuildLock(
  locks: Pick<LockHolder, 'tryLock'>,
  turn: IndexBuildLock,
  { patient, signal }: Waiting,
): Promise<boolean> {
  if (!(await takeAdvisoryLock(locks, ofModel(turn), { patient, signal }))) return false
  return takeAdvisoryLock(locks, ofDimension(turn), { patient: true, signal })
}

/** Whether no session builds an HNSW index of the dimension, nor can before this transaction ends. */
export async function holdIndexBuildLock(tx: Queryable, turn: IndexBuildLock): Promise<boolean> {
  const { rows } = await tx.query<{ taken: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ofDimension(turn)}) as taken`,
  )
  return rows[0]?.taken === true
}
