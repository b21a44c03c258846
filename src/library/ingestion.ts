import type { DocumentId } from '../core/document.ts'
import type { CallOptions } from '../core/progress.ts'
import { documentEmbeddings } from '../documents/documents.ts'
import { type IngestDocument, ingestDocument } from '../ingest/ingest-document.ts'
import { type IngestPaths, ingestPaths } from '../ingest/ingest-paths.ts'
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
