import type { DocumentId } from '../core/document.ts'
import type { Distance, Model, ProviderName } from '../core/model.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnLanguageModelCall, OnProviderCall } from '../core/provider-call.ts'
import type { Aggregation, SearchFilter, SearchResult, Serve } from '../core/search.ts'
import type { DoctorOptions, DoctorReport } from '../doctor/doctor.ts'
import type {
  DocumentEmbeddings,
  DocumentPage,
  DocumentSummary,
  StoredDocument,
} from '../documents/documents.ts'
import type { IngestDocument } from '../ingest/ingest-document.ts'
import type { IngestPaths, IngestReport } from '../ingest/ingest-paths.ts'
import type { ModelStatus } from '../models/status.ts'
import type { BackupReport, RestoreReport } from '../postgres/backup.ts'
import type { UpgradePlan } from '../schema/upgrade.ts'
import type { ExplainRequest, SearchPlan } from '../search/explain.ts'
import type { SampledChunk } from '../store/sample.ts'
import type { Audit, Idempotency, Keys } from './access-interface.ts'
import type { Answers } from './answer-interface.ts'
import type { Migrations } from './migration-interface.ts'

export type { Check, CheckName, DoctorOptions, DoctorReport } from '../doctor/doctor.ts'
export type {
  DocumentEmbeddings,
  DocumentPage,
  DocumentSummary,
  StoredChunk,
  StoredDocument,
} from '../documents/documents.ts'
export type { IngestDocument } from '../ingest/ingest-document.ts'
export type { IngestPaths, IngestReport } from '../ingest/ingest-paths.ts'
export type { NamedFile } from '../ingest/named-files.ts'
export type { ModelStatus } from '../models/status.ts'
export type { BackupReport, RestoreReport } from '../postgres/backup.ts'
export type { ExplainRequest, SearchPlan } from '../search/explain.ts'
export type { SampledChunk } from '../store/sample.ts'
export type * from './access-interface.ts'
export type * from './answer-interface.ts'
export type * from './migration-interface.ts'

/** Every long call takes these. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface DatabaseStatus {
  readonly engine: 'embedded' | 'server'
  readonly serverVersion: string
  readonly pgvectorVersion: string
  /** 0: nothing has been set up. */
  readonly revision: number
  readonly latestRevision: number
  /** A fixed-dimension table that `db run` would adopt. */
  readonly legacy: {
    readonly table: string
    readonly column: string
    readonly dimension: number | null
    readonly rows: number
  } | null
  readonly dimensions: readonly number[]
  readonly models: readonly ModelStatus[]
  readonly documents: number
  readonly chunks: number
}

/** What an operator watches: cheap enough to be asked every few seconds. */
export interface DatabaseHealth {
  /** 0: nothing has been set up. */
  readonly revision: number
  readonly latestRevision: number
  readonly connections: { readonly open: number; readonly idle: number; readonly waiting: number }
  /** By model: chunks that a worker will look at because a writer could not embed them, and chunks that can't be embedded. */
  readonly models: readonly {
    readonly modelName: string
    readonly pending: number
    readonly quarantined: number
  }[]
}

/** Told of what belongs to no one call. */
export interface Observer {
  readonly onProgress?: OnProgress
  readonly onProviderCall?: OnProviderCall
  readonly onLanguageModelCall?: OnLanguageModelCall
}

export interface RunOptions extends CallOptions {
  /** Revision to stop at; the latest when absent. */
  readonly to?: number
  /** The model that made the vectors of an adopted table. */
  readonly model?: string
  readonly chunksTable?: string
  readonly chunkTextColumn?: string
  readonly documentsTable?: string
  readonly titleColumn?: string
}

/** What `db.run` would do. */
export interface RunPlan {
  /** Empty: the schema is where it should be. */
  readonly steps: readonly { readonly step: string; readonly locks: string; readonly detail: string }[]
  /** The fixed-dimension table that is adopted; null when there is none. */
  readonly adoption: Omit<UpgradePlan, 'steps' | 'warnings'> | null
  readonly warnings: readonly string[]
}

export interface AddModel {
  readonly modelName: string
  /** Optional where the catalogue knows the model. */
  readonly dimension?: number
  readonly provider?: ProviderName
  readonly remoteName?: string
  readonly revision?: string
  readonly pooling?: string
  readonly normalize?: boolean
  readonly documentPrefix?: string
  readonly queryPrefix?: string
  readonly distance?: Distance
  readonly baseUrl?: string
}

export interface SearchRequest extends CallOptions {
  readonly query: string
  /** The query's vector in the model, where it is at hand: nothing is embedded then. */
  readonly queryVector?: Float32Array
  /** Absent: the current model. */
  readonly modelName?: string
  /**
   * While a migration fills its target, in place of `modelName`: the `source` alone (it is the current model and has
   * everything), the `target` alone as far as it is filled, or `both` in one list. Safe to leave on: where no
   * migration is open, or its target cannot be asked, the current model answers and `serving` says so.
   */
  readonly serve?: Serve
  /** With `serve`, by model name: vectors of the query that are at hand. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** 1 to 1,000; default 5. */
  readonly topK?: number
  /** Hits that score less are left out. */
  readonly minScore?: number
  readonly filter?: SearchFilter
  /** Also say how the database went about it: it is searched once more for that. */
  readonly explain?: boolean
}

/** Of a search that was to explain itself: how the database went about it in each model. */
export interface Explained {
  readonly explain?: readonly SearchPlan[]
}

export interface MultiModelSearchRequest
  extends Omit<SearchRequest, 'modelName' | 'queryVector' | 'queryVectors' | 'serve'> {
  readonly modelNames: readonly string[]
  /** By model name, where they are at hand. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** Default: union. */
  readonly aggregation?: Aggregation
}

export interface FillReport {
  readonly modelName: string
  /** Vectors that a provider made. */
  readonly embedded: number
  /** Vectors taken from identical content. */
  readonly reused: number
  /** Vectors that were there already. */
  readonly present: number
  readonly tokens: number
  readonly seconds: number
}

export interface MigrateToNewModel extends CallOptions {
  readonly sourceModel: string
  readonly targetModel: string
}

/** What `createRevector()` gives. Nothing is opened before the first call that needs it. */
export interface Revector {
  readonly db: {
    /** Opens the database and, when it is empty, sets it up. @throws RevectorError SCHEMA_BEHIND on an older one */
    initialize(options?: CallOptions): Promise<void>
    /** Widths that have a vector column, ascending. */
    getSupportedDimensions(): Promise<readonly number[]>
    /** What is there. Changes nothing, and makes no folder for the embedded engine. */
    status(): Promise<DatabaseStatus>
    /** Also of a database that is behind, newer or empty. @throws RevectorError DATABASE_UNREACHABLE */
    health(): Promise<DatabaseHealth>
    /** What `run` would do, and what each step locks. Writes nothing. */
    plan(options?: RunOptions): Promise<RunPlan>
    run(options?: RunOptions): Promise<DatabaseStatus>
    /** Registers the guide's models and the local ones. */
    setupModels(options?: CallOptions): Promise<readonly ModelStatus[]>
    rollback(options?: CallOptions & { readonly to?: number }): Promise<DatabaseStatus>
    backup(file: string, options?: CallOptions & { readonly overwrite?: boolean }): Promise<BackupReport>
    restore(file: string, options?: CallOptions & { readonly force?: boolean }): Promise<RestoreReport>
    close(): Promise<void>
  }
  readonly models: {
    list(): Promise<readonly ModelStatus[]>
    add(model: AddModel, options?: CallOptions): Promise<Model>
    /** The hot switch: running processes follow at their next search. @throws RevectorError MODEL_EMPTY unless forced */
    use(
      modelName: string,
      options?: { readonly force?: boolean },
    ): Promise<{ readonly from: string | null; readonly to: string }>
    /** Drops the model's vectors. @throws RevectorError MODEL_IN_USE; `force` ends a fill that was given up */
    remove(
      modelName: string,
      options?: { readonly force?: boolean },
    ): Promise<{ readonly modelName: string; readonly embeddings: number; readonly bytes: number }>
    /**
     * Makes the vectors that a model lacks, of all documents: what an adopted table never had, or what an application
     * wrote past Revector. Makes nothing current. @throws RevectorError MODEL_UNKNOWN, MODEL_IN_USE while a migration
     * fills it, of the provider
     */
    fill(modelName: string, options?: CallOptions): Promise<FillReport>
    /** Chunks with their vectors, drawn by hash: the same ones at every call and in every model. @throws RevectorError MODEL_UNKNOWN */
    sample(
      modelName: string,
      options?: { readonly limit?: number },
    ): Promise<{ readonly dimension: number; readonly chunks: readonly SampledChunk[] }>
  }
  readonly ingestion: {
    ingestDocument(document: IngestDocument): Promise<DocumentId>
    ingestPaths(request: IngestPaths): Promise<IngestReport>
    updateDocumentEmbeddings(
      request: { readonly documentId: DocumentId; readonly modelName: string } & CallOptions,
    ): Promise<FillReport>
    /** Embeds what the target lacks, then makes it current. Run again after a crash, it goes on. */
    migrateToNewModel(request: MigrateToNewModel): Promise<FillReport>
  }
  /** Moves from model to model. Without an id the newest migration that is not finished is meant, else the newest. */
  readonly migrations: Migrations
  /**
   * Looks for what makes searches wrong, incomplete or slow, and for what will. Writes nothing but the canaries of a model
   * that has none yet.
   */
  doctor(options?: DoctorOptions): Promise<DoctorReport>
  readonly documents: {
    list(
      options?: DocumentPage,
    ): Promise<{ readonly documents: readonly DocumentSummary[]; readonly next: string | null }>
    get(id: DocumentId): Promise<StoredDocument>
    embeddings(id: DocumentId): Promise<DocumentEmbeddings>
    remove(id: DocumentId): Promise<void>
  }
  /** Who may use a service, and for what. */
  readonly keys: Keys
  /** Changes that somebody asked for. */
  readonly audit: Audit
  /** Requests that may come twice. */
  readonly idempotency: Idempotency
  /** Questions answered from the documents, with citations. */
  readonly answers: Answers
  /** From now on tells of retries, lost connections, and every request to a provider. Gives the way to end it. */
  observe(observer: Observer): () => void
  readonly retriever: {
    search(request: SearchRequest): Promise<SearchResult & Explained>
    searchMultiModel(request: MultiModelSearchRequest): Promise<SearchResult & Explained>
    /** How the database goes about a search in each of these models; gives no hits. */
    explain(request: ExplainRequest): Promise<readonly SearchPlan[]>
  }
}
