import type { MigrationId } from '../core/migration.ts'
import type { Queryable } from '../postgres/database.ts'
import { isId } from '../store/ids.ts'
import { latestMigration, requireMigration } from '../store/migrations.ts'

/** What every call that moves a migration on may be told. */
export interface MigrationCall {
  /** Absent: the newest that is not finished, else the newest. */
  readonly migrationId?: MigrationId
  /** Who asks, for the audit. Default: the user of this process at its host. */
  readonly actor?: string
}

/** @throws RevectorError MIGRATION_UNKNOWN */
export async function idOf(db: Queryable, { migrationId }: MigrationCall): Promise<MigrationId> {
  if (migrationId === undefined) return (await latestMigration(db)).id
  // What can't be an id names nothing, and Postgres never sees it.
  return isId('bigint', migrationId) ? migrationId : (await requireMigration(db, migrationId)).id
}
