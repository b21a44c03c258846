import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import { findTable } from './catalog.ts'
import { keepPrivate } from './keep-private.ts'

/** The numbered steps of the schema, oldest first. */
export const revisions = [
  { revision: 1, name: 'fixed dimension' },
  { revision: 2, name: 'dynamic dimensions' },
  { revision: 3, name: 'model migrations' },
  { revision: 4, name: 'service' },
  { revision: 5, name: 'search effort' },
  { revision: 6, name: 'capture' },
] as const

export const latestRevision = 6

/** A row of `revector_revisions`: recorded before its work begins, `appliedAt` is set when the work is done. */
export interface RevisionRow {
  readonly revision: number
  readonly appliedAt: Date | null
  /** What resuming and rolling back need; written by the revision itself. */
  readonly record: Readonly<Record<string, unknown>>
}

/** Does nothing if it exists. */
export async function createHistory(tx: Queryable): Promise<void> {
  if ((await findTable(tx, 'revector_revisions')) !== null) return
  await tx.query(sql`
    create table revector_revisions (
      revision int primary key,
      name text not null,
      started_at timestamptz not null default now(),
      applied_at timestamptz,
      record jsonb not null default '{}'
    )`)
  const table = await findTable(tx, 'revector_revisions')
  if (table !== null) await keepPrivate(tx, [table])
}

export async function readHistory(db: Queryable): Promise<RevisionRow[]> {
  const { rows: exists } = await db.query<{ found: boolean }>(
    sql`select to_regclass('revector_revisions') is not null as found`,
  )
  if (exists[0]?.found !== true) return []
  const { rows } = await db.query<RevisionRow>(sql`
    select revision, applied_at as "appliedAt", record from revector_revisions order by revision`)
  return [...rows]
}

/** The highest revision whose work is done; 0 for none. */
export function appliedRevision(history: readonly RevisionRow[]): number {
  return history.reduce((top, row) => (row.appliedAt === null ? top : Math.max(top, row.revision)), 0)
}

/** @throws RevectorError SCHEMA_NEWER */
export function refuseNewer(history: readonly RevisionRow[]): void {
  const top = history.reduce((highest, row) => Math.max(highest, row.revision), 0)
  if (top <= latestRevision) return
  throw new RevectorError(
    'SCHEMA_NEWER',
    `The database is newer than this program: it is at revision ${top}, the program supports up to ${latestRevision}.`,
    { hint: 'Update Revector, or use another database.', data: { revision: top, known: latestRevision } },
  )
}

export async function recordStart(db: Queryable, revision: number, record: object = {}): Promise<void> {
  await db.query(sql`
    insert into revector_revisions (revision, name, record)
    values (${revision}, ${nameOf(revision)}, ${JSON.stringify(record)}::jsonb)
    on conflict (revision) do update set record = excluded.record`)
}

/** The guide's "before" as another application made it: recorded as it is; Revector may drop nothing of it. */
export async function adoptFirstRevision(db: Queryable): Promise<void> {
  await createHistory(db)
  await recordStart(db, 1, { createdTables: null })
  await recordDone(db, 1)
}

export async function recordDone(db: Queryable, revision: number): Promise<void> {
  await db.query(sql`update revector_revisions set applied_at = now() where revision = ${revision}`)
}

export async function forget(db: Queryable, revision: number): Promise<void> {
  await db.query(sql`delete from revector_revisions where revision = ${revision}`)
}

/**
 * Where a rollback goes if no revision is named. Users mean the guide's "before": later ones only added
 * tables, columns and triggers to those of 2.
 */
export function revisionBefore(revision: number): number {
  return revision >= 2 ? 1 : 0
}

function nameOf(revision: number): string {
  return revisions.find((known) => known.revision === revision)?.name ?? ''
}
