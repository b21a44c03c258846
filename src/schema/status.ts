import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { sql } from '../postgres/sql.ts'
import { findTable } from './catalog.ts'
import { appliedRevision, latestRevision, type RevisionRow, readHistory } from './history.ts'
import { tableOf } from './layout.ts'
import { embeddingsTable } from './names.ts'

export interface SchemaStatus {
  /**
   * Highest revision whose work is done; 0 if Revector has done nothing here. Above `latestRevision`: the
   * database is newer than the program.
   */
  readonly revision: number
  readonly latestRevision: number
  /** An interrupted run or rollback: running it again continues from there. */
  readonly unfinished: { readonly revision: number; readonly direction: 'up' | 'down' } | null
  /** A fixed-dimension table that the next run adopts. */
  readonly legacy: LegacyTable | null
}

export interface LegacyTable {
  readonly table: string
  readonly column: string
  readonly dimension: number
  readonly rows: number
}

export async function schemaStatus(db: Queryable): Promise<SchemaStatus> {
  const history = await readHistory(db)
  const revision = appliedRevision(history)
  return {
    revision,
    latestRevision,
    unfinished: unfinishedOf(history),
    legacy: revision >= 2 ? null : await findLegacyTable(db),
  }
}

function unfinishedOf(history: readonly RevisionRow[]): SchemaStatus['unfinished'] {
  const row = history.find((one) => one.appliedAt === null || one.record['rollingBack'] === true)
  if (row === undefined) return null
  return { revision: row.revision, direction: row.record['rollingBack'] === true ? 'down' : 'up' }
}

/**
 * Whether the database takes no writes now: a standby, or `default_transaction_read_only`. Either may end while the
 * connection lasts.
 */
export async function isReadOnly(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ readOnly: boolean }>(
    sql`select current_setting('transaction_read_only')::bool as "readOnly"`,
  )
  return rows[0]?.readOnly === true
}

/** The guide's "before": a plain `chunk_embeddings` with a column `embedding`, or just one, of type vector(N). */
async function findLegacyTable(db: Queryable): Promise<LegacyTable | null> {
  const table = await findTable(db, embeddingsTable)
  if (table === null) return null
  const { rows: columns } = await db.query<{ column: string; dimension: number }>(sql`
    select a.attname as column, a.atttypmod as dimension
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.oid = to_regclass(${embeddingsTable}) and c.relkind = 'r'
      and a.atttypid = pg_typeof(null::${pgvector('vector')}) and a.atttypmod > 0 and not a.attisdropped`)
  const vector =
    columns.find(({ column }) => column === 'embedding') ?? (columns.length === 1 ? columns[0] : undefined)
  if (vector === undefined) return null
  // Who may not read the table is told how many there were when it was last analyzed, and later which right is missing.
  const { rows: facts } = await db.query<{ readable: boolean; estimate: string }>(sql`
    select has_table_privilege(oid, 'select') as readable, greatest(reltuples, 0)::bigint::text as estimate
    from pg_class where oid = to_regclass(${embeddingsTable})`)
  const { readable = false, estimate = '0' } = facts[0] ?? {}
  if (!readable) return { table: table.name, ...vector, rows: Number(estimate) }
  const { rows } = await db.query<{ rows: string }>(sql`select count(*)::text as rows from ${tableOf(table)}`)
  return { table: table.name, ...vector, rows: Number(rows[0]?.rows ?? 0) }
}
