import type { Model } from '../core/model.ts'
import type {
  BackupReport,
  DatabaseStatus,
  DocumentEmbeddings,
  DocumentSummary,
  FillReport,
  IngestReport,
  ModelStatus,
  StoredDocument,
} from '../library/revector.ts'

/**
 * The shapes of `--json` and of HTTP bodies: snake_case, dates as ISO 8601. Written out one by one, because keys
 * that are data (model names, metadata) must stay as they are.
 */
export function modelShape(model: ModelStatus) {
  return {
    id: model.id,
    model_name: model.modelName,
    dimension: model.dimension,
    provider: model.provider,
    state: model.state,
    current: model.current,
    embeddings: model.embeddings,
    coverage: model.coverage,
    index: model.index,
  }
}

/** A model with what makes it a space of its own. */
export function modelSpaceShape(model: Model) {
  return {
    remote_name: model.remoteName,
    revision: model.revision,
    pooling: model.pooling,
    normalize: model.normalize,
    document_prefix: model.documentPrefix,
    query_prefix: model.queryPrefix,
    distance: model.distance,
    base_url: model.baseUrl,
    created_at: model.createdAt.toISOString(),
  }
}

export function statusShape(status: DatabaseStatus) {
  return {
    engine: status.engine,
    server_version: status.serverVersion,
    pgvector_version: status.pgvectorVersion,
    revision: status.revision,
    latest_revision: status.latestRevision,
    legacy: status.legacy,
    dimensions: status.dimensions,
    models: status.models.map(modelShape),
    documents: status.documents,
    chunks: status.chunks,
  }
}

export function ingestShape(report: IngestReport) {
  return {
    documents: report.documents,
    chunks: report.chunks,
    unchanged: report.unchanged,
    failed: report.failed.map(({ path, code, message }) => ({ path, code, message })),
    models: report.models,
    pending: report.pending,
    seconds: report.seconds,
  }
}

export function documentShape(document: DocumentSummary) {
  return {
    id: document.id,
    title: document.title,
    source: document.source,
    media_type: document.mediaType,
    metadata: document.metadata,
    chunks: document.chunks,
    created_at: document.createdAt?.toISOString() ?? null,
    updated_at: document.updatedAt?.toISOString() ?? null,
  }
}

export function storedDocumentShape(document: StoredDocument) {
  return {
    ...documentShape(document),
    content: document.content,
    chunk_list: document.chunkList.map((chunk) => ({
      id: chunk.id,
      position: chunk.position,
      content: chunk.content,
      start_offset: chunk.startOffset,
      end_offset: chunk.endOffset,
      heading_path: chunk.headingPath,
      page: chunk.page,
      token_count: chunk.tokenCount,
    })),
  }
}

export function documentEmbeddingsShape(report: DocumentEmbeddings) {
  return {
    document_id: report.documentId,
    chunks: report.chunks,
    models: report.models.map((model) => ({
      model_name: model.modelName,
      dimension: model.dimension,
      state: model.state,
      embeddings: model.embeddings,
      coverage: model.coverage,
      missing: model.missing,
    })),
  }
}

export function fillShape(report: FillReport) {
  return {
    model_name: report.modelName,
    embedded: report.embedded,
    reused: report.reused,
    present: report.present,
    tokens: report.tokens,
    seconds: report.seconds,
  }
}

export function backupShape(report: BackupReport) {
  return {
    file: report.file,
    bytes: report.bytes,
    seconds: report.seconds,
    tables: report.tables.map(({ name, rows, checksum }) => ({ name, rows, checksum })),
  }
}
