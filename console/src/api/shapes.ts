import type * as z from 'zod'
import type * as documents from '../../../src/http/contract/documents.ts'
import type * as migrations from '../../../src/http/contract/migrations.ts'
import type * as models from '../../../src/http/contract/models.ts'
import type * as contract from '../../../src/http/contract/search.ts'
import type * as service from '../../../src/http/contract/service.ts'
import type * as answer from '../../../src/wire/answer.ts'
import type { Wire } from '../../../src/wire/codec.ts'
import type * as model from '../../../src/wire/model.ts'
import type * as search from '../../../src/wire/search.ts'

// What goes over the wire is declared once, in src/wire/ and the service's contract. Only types come from there.
type Operation = { readonly responses: { readonly 200: z.ZodType } }
type Given<Asked extends Operation> = Wire<z.output<Asked['responses'][200]>>

export type Status = Given<typeof service.getStatus>
export type Doctor = Given<typeof service.doctor>
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
export type DocumentSummary = DocumentPage['documents'][number]
export type StoredDocument = Given<typeof documents.getDocument>
export type Chunk = StoredDocument['chunk_list'][number]
export type DocumentEmbeddings = Given<typeof documents.documentEmbeddings>
export type EmbedReport = Given<typeof documents.embedDocument>
export type IngestReport = Given<typeof documents.addDocuments>

export type Migration = MigrationPage['migrations'][number]
export type MigrationStatus = Given<typeof migrations.getMigration>
export type MigrationPlan = Given<typeof migrations.planMigration>
export type MigrationEvent = Wire<z.output<(typeof migrations.migrationEvents)['events']['*']>>
export type MigrationState = MigrationStatus['state']
export type Gate = NonNullable<MigrationStatus['verification']>['gates'][number]
export type PlanMigration = Wire<z.input<typeof migrations.planMigration.body>>
export type MigrationPage = Given<typeof migrations.listMigrations>
export type Quarantine = Given<typeof migrations.migrationQuarantine>
