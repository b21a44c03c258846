import type { DocumentId } from '../core/document.ts'
import type { CallOptions } from '../core/progress.ts'
import { documentEmbeddings } from '../documents/documents.ts'
import { type IngestDocument, ingestDocument } from '../ingest/ingest-document.ts'
import {
  type IngestDocuments,
  ingestChunks,
  ingestDocuments,
  type TextDocument,
} from '../ingest/ingest-documents.ts'
import { type IngestPaths, ingestPaths } from '../ingest/ingest-paths.ts'
import type { ChunkedDocument } from '../ingest/prepare-chunks.ts'
import { fillModel } from '../migrate/fill/fill-model.ts'
import { type MigrateToNewModel, migrateToNewModel } from '../migrate/migrate.ts'
import { countVectors } from '../store/coverage.ts'
import type { StoreDeps } from '../store/deps.ts'
import { requireModel } from '../store/models.ts'
import type { FillReport, IngestReport } from '../wire/ingest.ts'
import { fillReport } from './models.ts'
import type { Runtime } from './runtime.ts'

/** `revector.ingestion`. */
export interface Ingestion {
  ingestDocument(document: IngestDocument): Promise<DocumentId>
  ingestPaths(request: IngestPaths): Promise<IngestReport>
  /**
   * Many texts: taken from the iterable as they are written, embedded a batch at a time across documents, stored in one
   * transaction a batch. `onDocument` says what became of each; one that fails does not affect the others. Run again after
   * an error, those with a `source` that have not changed are skipped.
   *
   * @throws RevectorError for what would stop every document: MODEL_UNKNOWN, PROVIDER_*, DATABASE_*, INTERRUPTED; and what
   * the iterable throws. What was stored before stays.
   */
  ingestDocuments(
    documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
    options?: IngestDocuments,
  ): Promise<IngestReport>
  /**
   * The same for texts that are already cut, with or without vectors of them. Vectors are checked: a registered model, its
   * width, finite numbers, not all zero; they are scaled to length 1 where the model's are. Written models that no vector was
   * given for are embedded with.
   *
   * @throws RevectorError as `ingestDocuments`
   */
  ingestChunks(
    documents: Iterable<ChunkedDocument> | AsyncIterable<ChunkedDocument>,
    options?: IngestDocuments,
  ): Promise<IngestReport>
  updateDocumentEmbeddings(
    request: { readonly documentId: DocumentId; readonly modelName: string } & CallOptions,
  ): Promise<FillReport>
  /** Embeds what the target lacks, then makes it current. Run again after a crash, it continues. */
  migrateToNewModel(request: MigrateToNewModel): Promise<FillReport>
}

export function ingestionCalls({ opened }: Pick<Runtime, 'opened'>): Ingestion {
  return {
    ingestDocument: async (document) => ingestDocument(await opened('service'), document),
    ingestPaths: async (request) => ingestPaths(await opened('service'), request),
    ingestDocuments: async (documents, options) =>
      ingestDocuments(await opened('service'), documents, options),
    ingestChunks: async (documents, options) => ingestChunks(await opened('service'), documents, options),
    updateDocumentEmbeddings: async ({ documentId, modelName, ...call }) => {
      const deps = await opened('service')
      const model = await requireModel(deps.db, modelName)
      const present = await vectorsOf(deps, documentId, modelName)
      return fillReport(modelName, present, () => fillModel(deps, model, { documentId, ...call }))
    },
    migrateToNewModel: async (request) => {
      const deps = await opened('owner')
      const target = await requireModel(deps.db, request.targetModel)
      const { vectors } = await countVectors(deps.db, deps.layout, target)
      return fillReport(request.targetModel, vectors, () => migrateToNewModel(deps, request))
    },
  }
}

/** How many of a document's chunks a model has embedded. @throws RevectorError NOT_FOUND */
async function vectorsOf(deps: StoreDeps, documentId: DocumentId, modelName: string): Promise<number> {
  const { models } = await documentEmbeddings(deps, documentId)
  return models.find((model) => model.modelName === modelName)?.embeddings ?? 0
}
