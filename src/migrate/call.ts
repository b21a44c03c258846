import type { MigrationId } from '../core/migration.ts'
import type { Queryable } from '../postgres/database.ts'
import { isId } from '../store/ids.ts'
import { latestMigration, requireMigration } from '../store/migrations.ts'

/** Options of every call that changes a migration. */
export interface MigrationCall {
  /** Default: the newest that is not finished, else the newest. */
  readonly migrationId?: MigrationId
  /** The actor, for the audit log. Default: the user of this process at its host. */
  readonly actor?: string
}

/** @throws RevectorError MIGRATION_UNKNOWN */
export async function idOf(db: Queryable, { migrationId }: MigrationCall): Promise<MigrationId> {
  if (migrationId === undefined) return (await latestMigration(db)).id
  // A string that can't be an id identifies nothing, and PostgreSQL never sees it.
  return isId('bigint', migrationId) ? migrationId : (await requireMigration(db, migrationId)).id
}
