import type {
  BackupReport,
  DocumentEmbeddings,
  DocumentSummary,
  FillReport,
  IngestReport,
  StoredDocument,
} from '../library/revector.ts'

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
