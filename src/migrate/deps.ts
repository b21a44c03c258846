import type { MigrationId } from '../core/migration.ts'
import type { Model } from '../core/model.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { isId } from '../store/ids.ts'
import { latestMigration, requireMigration } from '../store/migrations.ts'

/** What the calls that move a migration on need. */
export interface MigrationDeps {
  readonly db: Database
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
}

/** What every such call may be told. */
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
