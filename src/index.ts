export type {
  ChunkId,
  DocumentId,
  Metadata,
} from './core/document.ts'
export {
  type ErrorCode,
  type ErrorData,
  errorCatalogue,
  isRevectorError,
  RevectorError,
} from './core/errors.ts'
export {
  type GateName,
  type GateResult,
  type GateThresholds,
  gateNames,
  type Migration,
  type MigrationEvent,
  type MigrationEventData,
  type MigrationEventType,
  type MigrationId,
  type MigrationReason,
  type MigrationScope,
  type MigrationSettings,
  type MigrationState,
  type MigrationStatus,
  type MigrationWorker,
  migrationStates,
  type Verification,
} from './core/migration.ts'
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
