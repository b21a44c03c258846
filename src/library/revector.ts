import { type Options, readConfig } from '../config/config.ts'
import type { DocumentId } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import type { OnProgress } from '../core/progress.ts'
import type { SearchResult } from '../core/search.ts'
import { examine } from '../doctor/doctor.ts'
import {
  type DocumentDeps,
  documentEmbeddings,
  documentPage,
  readDocument,
  removeDocument,
} from '../documents/documents.ts'
import { specFor } from '../embedding/catalogue.ts'
import type { OwnModel } from '../embedding/own-model.ts'
import { ingestDocument } from '../ingest/ingest-document.ts'
import { ingestPaths } from '../ingest/ingest-paths.ts'
import { type Filled, fillModel } from '../migrate/fill/fill-model.ts'
import { migrateToNewModel } from '../migrate/migrate.ts'
import { beforeRemoval } from '../migrate/model-in-use.ts'
import { addModel, removeModel, useModel } from '../models/registry.ts'
import { listModels } from '../models/status.ts'
import type { SearchDeps } from '../search/deps.ts'
import { type ExplainRequest, explainSearch, searchExplained } from '../search/explain.ts'
import { search } from '../search/search.ts'
import { searchMultiModel } from '../search/search-multi-model.ts'
import { searchWhileFilling } from '../search/search-while-filling.ts'
import { countVectors } from '../store/coverage.ts'
import { requireModel } from '../store/models.ts'
import { sampleVectors } from '../store/sample.ts'
import { accessCalls } from './access.ts'
import { answerCalls } from './answers.ts'
import { databaseCalls } from './database.ts'
import type { Explained, FillReport, Observer, Revector } from './interface.ts'
import { migrationCalls } from './migrations.ts'
import { openRuntime } from './runtime.ts'

export type * from './interface.ts'

export interface CreateOptions extends Options {
  /** Models of your own, registered when the database is opened. */
  readonly models?: readonly OwnModel[]
  /** JSON file of options; what is given here and in the environment wins. */
  readonly configFile?: string
  /** Told of what belongs to no one call: retries of providers, a lost connection. */
  readonly onProgress?: OnProgress
}

/**
 * The whole of Revector over one database. Options are checked at once; the database is opened by the first
 * call that needs it, and set up when it is empty.
 *
 * @throws RevectorError CONFIG_INVALID
 */
export async function createRevector(options: CreateOptions = {}): Promise<Revector> {
  const { models = [], configFile, onProgress, ...given } = options
  const config = readConfig(given, configFile === undefined ? {} : { file: configFile })
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
  const { opened } = runtime

  async function found(
    explain: boolean | undefined,
    request: Omit<ExplainRequest, 'modelNames'>,
    run: (deps: SearchDeps) => Promise<SearchResult>,
  ): Promise<SearchResult & Explained> {
    const deps = await opened()
    return explain === true ? searchExplained(deps, request, run) : run(deps)
  }

  return {
    db: databaseCalls(config, runtime),
    models: {
      list: async () => listModels(await opened()),
      add: async ({ modelName, ...overrides }) => addModel(await opened(), specFor(modelName, overrides)),
      use: async (modelName, how) => useModel(await opened(), modelName, how),
      remove: async (modelName, how) =>
        removeModel(await opened(), modelName, { ...how, before: beforeRemoval }),
      fill: async (modelName, call) => {
        const deps = await opened()
        const model = refuseFilling(await requireModel(deps.db, modelName))
        const { vectors } = await countVectors(deps.db, deps.layout, model)
        return report(modelName, vectors, () => fillModel(deps, model, { ...call }))
      },
      sample: async (modelName, { limit = 500 } = {}) => {
        const { db, layout } = await opened()
        const model = await requireModel(db, modelName)
        const empty = model.state === 'retired'
        return {
          dimension: model.dimension,
          chunks: empty ? [] : await sampleVectors(db, layout, model, limit),
        }
      },
    },
    ingestion: {
      ingestDocument: async (document) => ingestDocument(await opened(), document),
      ingestPaths: async (request) => ingestPaths(await opened(), request),
      updateDocumentEmbeddings: async ({ documentId, modelName, ...call }) => {
        const deps = await opened()
        const model = await requireModel(deps.db, modelName)
        const present = await vectorsOf(deps, documentId, modelName)
        return report(modelName, present, () => fillModel(deps, model, { documentId, ...call }))
      },
      migrateToNewModel: async (request) => {
        const deps = await opened()
        const target = await requireModel(deps.db, request.targetModel)
        const { vectors } = await countVectors(deps.db, deps.layout, target)
        return report(request.targetModel, vectors, () => migrateToNewModel(deps, request))
      },
    },
    migrations: migrationCalls(runtime),
    ...accessCalls(runtime),
    observe(observer) {
      // Its own, so that one that is given twice is told twice and ended once.
      const mine = { ...observer }
      observers.add(mine)
      return () => void observers.delete(mine)
    },
    doctor: async (request) => examine(await opened(), request),
    documents: {
      list: async (page) => documentPage(await opened(), page),
      get: async (id) => readDocument(await opened(), id),
      embeddings: async (id) => documentEmbeddings(await opened(), id),
      remove: async (id) => removeDocument(await opened(), id),
    },
    answers: answerCalls(config, runtime),
    retriever: {
      search: ({ serve, explain, ...request }) =>
        found(explain, request, (deps) =>
          serve === undefined ? search(deps, request) : searchWhileFilling(deps, { ...request, serve }),
        ),
      searchMultiModel: ({ explain, ...request }) =>
        found(explain, request, (deps) => searchMultiModel(deps, request)),
      explain: async (request) => explainSearch(await opened(), request),
    },
  }
}

/** @throws RevectorError MODEL_IN_USE */
function refuseFilling(model: Model): Model {
  const { modelName, state } = model
  if (state !== 'filling' && state !== 'retired') return model
  throw new RevectorError('MODEL_IN_USE', `"${modelName}" is ${state}.`, {
    hint:
      state === 'filling'
        ? 'Its migration fills it: `revector worker`, or `revector migrate cancel`.'
        : 'Its vectors were dropped: move to it with `revector migrate start`.',
    data: { model: modelName, state },
  })
}

/** Fills, and says what that was. */
async function report(modelName: string, present: number, fill: () => Promise<Filled>): Promise<FillReport> {
  const started = performance.now()
  const filled = await fill()
  return { modelName, ...filled, present, seconds: (performance.now() - started) / 1_000 }
}

/** How many of a document's chunks a model has. @throws RevectorError NOT_FOUND */
async function vectorsOf(deps: DocumentDeps, documentId: DocumentId, modelName: string): Promise<number> {
  const { models } = await documentEmbeddings(deps, documentId)
  return models.find((model) => model.modelName === modelName)?.embeddings ?? 0
}
