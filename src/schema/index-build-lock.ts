import type { Queryable, Session } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import { takeAdvisoryLock } from './advisory-lock.ts'
import type { ModelSpace } from './names.ts'

/** HNSW indexes of one dimension share a name that the first of them has, so they are built and dropped in turn. */
export interface IndexBuildLock {
  readonly schema: string
  readonly model: ModelSpace
}

/** Any fixed number: the first half of the advisory locks' keys; the second is what is locked, in its schema. */
const lockClass = 1_382_372_947

function key(schema: string, what: string): Sql {
  return sql`${lockClass}::int, hashtext(${`${schema} ${what}`})`
}

/** Held while one HNSW index is built or waits to be. */
const ofModel = ({ schema, model }: IndexBuildLock): Sql => key(schema, `model ${model.id}`)
/** Held while an HNSW index of the dimension is built or dropped. */
const ofDimension = ({ schema, model }: IndexBuildLock): Sql => key(schema, `dimension ${model.dimension}`)

interface Waiting {
  readonly patient: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * A turn to build the HNSW index of a model; it ends with the session. Who finds another at an HNSW index of the same dimension
 * waits; who finds another at this very HNSW index does so when `patient`.
 *
 * @returns false when another builds it, or is about to, and one is not patient
 */
export async function takeIndexBuildLock(
  session: Session,
  turn: IndexBuildLock,
  { patient, signal }: Waiting,
): Promise<boolean> {
  if (!(await takeAdvisoryLock(session, ofModel(turn), { patient, signal }))) return false
  return takeAdvisoryLock(session, ofDimension(turn), { patient: true, signal })
}

/** Whether nobody builds an HNSW index of the dimension, and nobody will before this transaction ends. */
export async function holdIndexBuildLock(tx: Queryable, turn: IndexBuildLock): Promise<boolean> {
  const { rows } = await tx.query<{ taken: boolean }>(
    sql`select pg_try_advisory_xact_lock(${ofDimension(turn)}) as taken`,
  )
  return rows[0]?.taken === true
}
