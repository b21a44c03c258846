export type { ChunkId, DocumentId, Metadata } from './core/document.ts'
export {
  type ErrorCode,
  type ErrorData,
  errorCatalogue,
  isRevectorError,
  RevectorError,
} from './core/errors.ts'
export type { ModelState, ProviderName } from './core/model.ts'
export type { OnProgress, ProgressEvent } from './core/progress.ts'
export { knownModels, specFor } from './embedding/catalogue.ts'
export type {
  Embedded,
  EmbeddedEach,
  EmbeddingModel,
  EmbedEachOptions,
  EmbedOptions,
  InputKind,
} from './embedding/contract.ts'
export type { OwnModel } from './embedding/own-model.ts'
export * from './library/revector.ts'
export type { BackupReport, RestoreReport } from './wire/database.ts'
export type { Check, CheckName, DoctorReport } from './wire/doctor.ts'
export type { DocumentEmbeddings, DocumentSummary, StoredChunk, StoredDocument } from './wire/document.ts'
export type { FillReport, IngestReport } from './wire/ingest.ts'
export {
  type GateName,
  type GateResult,
  type GateThresholds,
  gateNames,
  type Migration,
  type MigrationId,
  type MigrationLimits,
  type MigrationReason,
  type MigrationScope,
  type MigrationState,
  type MigrationStatus,
  type MigrationWorker,
  migrationStates,
  type QuarantinedChunk,
  type Verification,
  type WorkReport,
} from './wire/migration.ts'
export type { MigrationEvent, MigrationEventData, MigrationEventType } from './wire/migration-event.ts'
export type { MigrationPlan } from './wire/migration-plan.ts'
export type { Distance, Model, ModelSpec } from './wire/model.ts'
export type {
  Aggregation,
  Hit,
  SearchFilter,
  SearchPlan,
  SearchResult,
  Serve,
  Serving,
} from './wire/search.ts'
export type { SearchAs } from './wire/search-as.ts'
