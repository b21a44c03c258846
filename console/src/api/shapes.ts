import type * as z from 'zod'
import type * as documents from '../../../src/http/contract/documents.ts'
import type * as migrations from '../../../src/http/contract/migrations.ts'
import type * as models from '../../../src/http/contract/models.ts'
import type * as query from '../../../src/http/contract/query.ts'
import type * as search from '../../../src/http/contract/search.ts'
import type * as service from '../../../src/http/contract/service.ts'
import type { Wire } from '../../../src/wire/codec.ts'

// What goes over the wire is written down once, in the service's contract. Only types come from there.
type Operation = { readonly responses: { readonly 200: z.ZodType } }
type Given<Asked extends Operation> = Wire<z.output<Asked['responses'][200]>>

export type Status = Given<typeof service.getStatus>
export type Doctor = Given<typeof service.doctor>
export type Model = Given<typeof models.listModels>['models'][number]
export type NewModel = Wire<z.input<typeof models.addModel.body>>
export type Sample = Given<typeof models.sampleVectors>

export type SearchRequest = Wire<z.input<typeof search.search.body>>
export type SearchResult = Given<typeof search.search>
export type Hit = SearchResult['hits'][number]
export type Filter = NonNullable<SearchRequest['filter']>

export type Answer = Given<typeof query.query>
export type Citation = Answer['citations'][number]

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
