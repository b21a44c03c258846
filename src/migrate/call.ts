import type { Queryable } from '../postgres/database.ts'
import { isMigrationId, latestMigration, requireMigration } from '../store/migrations.ts'
import type { MigrationId } from '../wire/migration.ts'

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
  // What can't be an id is refused there.
  return isMigrationId(migrationId) ? migrationId : (await requireMigration(db, migrationId)).id
}
