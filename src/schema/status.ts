import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { findTable } from './catalog.ts'
import { appliedRevision, latestRevision, type RevisionRow, readHistory } from './history.ts'
import { tableOf } from './layout.ts'
import { embeddingsTable } from './names.ts'

export interface SchemaStatus {
  /** Highest revision whose work is done; 0 when Revector has done nothing here. Above `latestRevision`: newer than the program. */
  readonly revision: number
  readonly latestRevision: number
  /** A run or a rollback that was interrupted: running it again goes on from there. */
  readonly unfinished: { readonly revision: number; readonly direction: 'up' | 'down' } | null
  /** A fixed-dimension table that the next run takes over. */
  readonly legacy: LegacyTable | null
}

export interface LegacyTable {
  readonly table: string
  readonly column: string
  /** Null: the column's type has no dimension, or is not `vector`. */
  readonly dimension: number | null
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

/** The guide's "before": a plain `chunk_embeddings` with a column `embedding`. */
async function findLegacyTable(db: Queryable): Promise<LegacyTable | null> {
  const table = await findTable(db, embeddingsTable)
  if (table === null) return null
  const { rows: columns } = await db.query<{ dimension: number | null }>(sql`
    select case when a.atttypid = to_regtype('vector') and a.atttypmod > 0 then a.atttypmod end as dimension
    from pg_attribute a
    where a.attrelid = to_regclass(${embeddingsTable}) and a.attname = 'embedding' and not a.attisdropped`)
  const [column] = columns
  if (column === undefined) return null
  const { rows } = await db.query<{ rows: string }>(sql`select count(*)::text as rows from ${tableOf(table)}`)
  return {
    table: embeddingsTable,
    column: 'embedding',
    dimension: column.dimension,
    rows: Number(rows[0]?.rows ?? 0),
  }
}
