import type * as z from 'zod'
import type * as documents from '../../../src/http/contract/documents.ts'
import type * as migrations from '../../../src/http/contract/migrations.ts'
import type * as models from '../../../src/http/contract/models.ts'
import type * as contract from '../../../src/http/contract/search.ts'
import type * as service from '../../../src/http/contract/service.ts'
import type * as answer from '../../../src/wire/answer.ts'
import type { Wire } from '../../../src/wire/codec.ts'
import type { DoctorReport } from '../../../src/wire/doctor.ts'
import type * as document from '../../../src/wire/document.ts'
import type { FillReport } from '../../../src/wire/ingest.ts'
import type * as migration from '../../../src/wire/migration.ts'
import type { MigrationPlan as MigrationPlanOf } from '../../../src/wire/migration-plan.ts'
import type * as model from '../../../src/wire/model.ts'
import type * as search from '../../../src/wire/search.ts'

// What goes over the wire is declared once, in src/wire/ and the service's contract. Only types come from there.
type Operation = { readonly responses: { readonly 200: z.ZodType } }
type Given<Asked extends Operation> = Wire<z.output<Asked['responses'][200]>>

export type Status = Given<typeof service.getStatus>
export type Doctor = Wire<DoctorReport>
export type Model = Wire<model.ModelStatus>
export type NewModel = Wire<z.input<typeof models.addModel.body>>
export type Sample = Given<typeof models.sampleVectors>

export type SearchRequest = Wire<z.input<typeof contract.search.body>>
export type SearchResult = Wire<search.SearchResult>
export type Hit = Wire<search.Hit>
export type Filter = Wire<search.SearchFilter>

export type Answer = Wire<answer.Answer>
export type Citation = Wire<answer.Citation>

export type DocumentPage = Given<typeof documents.listDocuments>
export type DocumentSummary = Wire<document.DocumentSummary>
export type StoredDocument = Wire<document.StoredDocument>
export type Chunk = Wire<document.StoredChunk>
export type DocumentEmbeddings = Wire<document.DocumentEmbeddings>
export type EmbedReport = Wire<FillReport>
export type IngestReport = Given<typeof documents.addDocuments>

export type Migration = Wire<migration.Migration>
export type MigrationStatus = Wire<migration.MigrationStatus>
export type MigrationPlan = Wire<MigrationPlanOf>
export type MigrationEvent = Wire<z.output<(typeof migrations.migrationEvents)['events']['*']>>
export type MigrationState = migration.MigrationState
export type Gate = Wire<migration.GateResult>
export type PlanMigration = Wire<z.input<typeof migrations.planMigration.body>>
export type MigrationPage = Given<typeof migrations.listMigrations>
export type Quarantine = Given<typeof migrations.migrationQuarantine>
