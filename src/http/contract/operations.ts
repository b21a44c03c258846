import { mcp } from './agents.ts'
import * as documents from './documents.ts'
import * as migrations from './migrations.ts'
import * as models from './models.ts'
import type { Operation } from './operation.ts'
import { query } from './query.ts'
import { search } from './search.ts'
import * as service from './service.ts'

/** All operations of the service, in the order of the reference. */
export const operations: readonly Operation[] = [
  search,
  query,
  models.searchableModels,
  models.listModels,
  models.addModel,
  models.useModel,
  models.removeModel,
  models.sampleVectors,
  documents.listDocuments,
  documents.addDocuments,
  documents.getDocument,
  documents.removeDocument,
  documents.documentEmbeddings,
  documents.embedDocument,
  migrations.planMigration,
  migrations.startMigration,
  migrations.listMigrations,
  migrations.getMigration,
  migrations.migrationEvents,
  migrations.migrationQuarantine,
  migrations.pauseMigration,
  migrations.resumeMigration,
  migrations.cancelMigration,
  migrations.retryMigration,
  migrations.verifyMigration,
  migrations.cutOver,
  migrations.rollBack,
  migrations.retire,
  mcp,
  service.getStatus,
  service.doctor,
  service.healthz,
  service.readyz,
  service.metrics,
]
