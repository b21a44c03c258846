import { type Options, readConfig } from '../config/config.ts'
import { isRevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { OnLanguageModelCall, OnProviderCall } from '../core/provider-call.ts'
import { examineBeforeAdoption } from '../doctor/before-adoption.ts'
import { type DoctorOptions, examine } from '../doctor/doctor.ts'
import type { OwnModel } from '../embedding/own-model.ts'
import type { DoctorReport } from '../wire/doctor.ts'
import { type Audit, accessCalls, type Idempotency, type Keys } from './access.ts'
import { type Answers, answerCalls } from './answers.ts'
import { type DatabaseCalls, databaseCalls } from './database.ts'
import { type Documents, documentCalls } from './documents.ts'
import { type Ingestion, ingestionCalls } from './ingestion.ts'
import { type Migrations, migrationCalls } from './migrations.ts'
import { type Models, modelCalls } from './models.ts'
import { type Retriever, retrieverCalls } from './retriever.ts'
import { openRuntime } from './runtime.ts'

export type { OnceAnswer, RepeatableRequest } from '../access/run-once.ts'
export type { KeptAnswer, Scope } from '../core/access.ts'
export type { LanguageProviderName } from '../core/language-provider.ts'
export type { CallOptions } from '../core/progress.ts'
export type { DoctorOptions } from '../doctor/doctor.ts'
export type { DocumentPage } from '../documents/documents.ts'
export type { RemoveDocuments } from '../documents/remove-documents.ts'
export type { IngestDocument } from '../ingest/ingest-document.ts'
export type { DocumentResult, IngestDocuments, TextDocument } from '../ingest/ingest-documents.ts'
export type { IngestPaths } from '../ingest/ingest-paths.ts'
export type { NamedFile } from '../ingest/named-files.ts'
export type { ChunkedDocument, GivenChunk } from '../ingest/prepare-chunks.ts'
export type { EventsRequest } from '../migrate/events.ts'
export type { WorkRequest } from '../migrate/fill/shift.ts'
export type { MigrateToNewModel } from '../migrate/migrate.ts'
export type { PlanMigration } from '../migrate/plan/plan.ts'
export type { RunMigration } from '../migrate/run.ts'
export type { StartMigration } from '../migrate/start.ts'
export type { AskRequest } from '../search/answer/request.ts'
export type { ExplainRequest, MultiModelSearchRequest, SearchRequest } from '../search/request.ts'
export type { SampledChunk } from '../store/sample.ts'
export type { ApiKey, AuditEntry, NewApiKey, NewAuditEntry } from '../wire/access.ts'
export type {
  Answer,
  AnswerEvent,
  AnswerMode,
  Citation,
  TokenUsage,
  Unanswered,
} from '../wire/answer.ts'
export type { DatabaseStatus } from '../wire/database.ts'
export type { ModelStatus } from '../wire/model.ts'
export type { Audit, Idempotency, Keys } from './access.ts'
export type { AdoptOptions, ExportOptions, ExposeOptions } from './adoption.ts'
export type { Answers } from './answers.ts'
export type { DatabaseHealth, RunOptions, RunPlan } from './database.ts'
export type { Migrations } from './migrations.ts'
export type { AddModel } from './models.ts'

/** Called with events that belong to no single call. */
export interface Observer {
  readonly onProgress?: OnProgress
  readonly onProviderCall?: OnProviderCall
  readonly onLanguageModelCall?: OnLanguageModelCall
}

/** The result of `createRevector()`. Nothing is opened before the first call that needs it. */
export interface Revector {
  readonly db: DatabaseCalls
  readonly models: Models
  readonly ingestion: Ingestion
  /** Model migrations. Without an id, calls use the newest migration that is not finished, else the newest. */
  readonly migrations: Migrations
  /**
   * Looks for what makes searches wrong, incomplete or slow, now or soon. Writes nothing, so it works on a standby
   * and on a full disk.
   */
  doctor(options?: DoctorOptions): Promise<DoctorReport>
  readonly documents: Documents
  /** API keys and their scopes. */
  readonly keys: Keys
  /** A record of changes. */
  readonly audit: Audit
  /** Requests that may be sent twice. */
  readonly idempotency: Idempotency
  /** Answers to questions from the documents, with citations. */
  readonly answers: Answers
  /**
   * Reports retries, lost connections and every request to a provider from now on. Returns a function that ends
   * it.
   */
  observe(observer: Observer): () => void
  readonly retriever: Retriever
}

export interface CreateOptions extends Options {
  /** Models of your own, registered when the database is opened. */
  readonly models?: readonly OwnModel[]
  /** JSON file of options; options given here and in the environment take precedence. */
  readonly configFile?: string
  /** Called with events that belong to no single call: retries of providers, a lost connection. */
  readonly onProgress?: OnProgress
}

/**
 * Revector with one database. Options are checked at once; the first call that needs the database opens it, and
 * sets it up if it is empty.
 *
 * @throws RevectorError CONFIG_INVALID
 */
export async function createRevector(options: CreateOptions = {}): Promise<Revector> {
  const { models = [], configFile, onProgress, ...given } = options
  const config = readConfig(given, { file: configFile })
  const observers = new Set<Observer>(onProgress === undefined ? [] : [{ onProgress }])
  const runtime = openRuntime(config, {
    ownModels: models,
    onProgress: (event) => {
      for (const observer of observers) observer.onProgress?.(event)
    },
    onProviderCall: (call) => {
      for (const observer of observers) observer.onProviderCall?.(call)
    },
    onLanguageModelCall: (call) => {
      for (const observer of observers) observer.onLanguageModelCall?.(call)
    },
  })
  return {
    db: databaseCalls(config, runtime),
    models: modelCalls(runtime),
    ingestion: ingestionCalls(runtime),
    migrations: migrationCalls(runtime),
    ...accessCalls(runtime),
    observe(observer) {
      // A wrapper of its own, so that a function passed twice is called twice and ended once.
      const mine = { ...observer }
      observers.add(mine)
      return () => void observers.delete(mine)
    },
    async doctor(request = {}) {
      try {
        return await examine(await runtime.opened(), request)
      } catch (error) {
        const { role } = request
        if (role === undefined || !isRevectorError(error, 'SCHEMA_MISSING')) throw error
        const report = await examineBeforeAdoption(await runtime.connected(), role)
        if (report === null) throw error
        return report
      }
    },
    documents: documentCalls(runtime),
    answers: answerCalls(config, runtime),
    retriever: retrieverCalls(runtime),
  }
}
