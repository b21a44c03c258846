import * as z from 'zod'
import { modelStates } from '../../core/model.ts'
import { date, documentId, id, list, metadata, modelName, operation, page } from './operation.ts'

const tag = 'documents'

const documentFields = {
  id,
  title: z.string(),
  source: z.string().nullable().describe('Identifies the document: a path or URL.'),
  media_type: z.string().nullable(),
  metadata,
  chunks: z.int(),
  created_at: date.nullable(),
  updated_at: date.nullable(),
}

export const document = z.strictObject(documentFields).meta({ id: 'Document' })

export const storedDocument = z
  .strictObject({
    ...documentFields,
    content: z.string().nullable().describe('Null in an adopted database that keeps only chunks.'),
    chunk_list: list(
      z.strictObject({
        id,
        position: z.int().nullable(),
        content: z.string(),
        start_offset: z.int().nullable().describe('In `content`, in UTF-16 code units; half-open.'),
        end_offset: z.int().nullable(),
        heading_path: list(z.string()),
        page: z.int().nullable(),
        token_count: z.int().nullable(),
      }),
    ),
  })
  .meta({ id: 'StoredDocument', description: 'A document with its text and its chunks.' })

export const ingestReport = z
  .strictObject({
    documents: z.int().describe('Documents added or changed.'),
    chunks: z.int(),
    unchanged: z.int(),
    failed: list(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })),
    models: list(z.string()).describe('Models that the documents were embedded with.'),
    pending: z.record(z.string(), z.int()).describe('By model: vectors that are still missing.'),
    seconds: z.number(),
    files: list(
      z.strictObject({
        path: z.string().describe('The file’s name.'),
        id: id.nullable().describe('The id of its document; null if it failed.'),
        outcome: z.enum(['added', 'changed', 'unchanged', 'failed']),
        chunks: z.int(),
      }),
    ),
  })
  .meta({ id: 'IngestReport' })

const idempotency = z.looseObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A key of your choice. Repeating the request with it returns the first answer.'),
})

export const listDocuments = operation({
  id: 'listDocuments',
  method: 'GET',
  path: '/api/v1/documents',
  tag,
  summary: 'A page of documents, oldest first',
  scope: 'read',
  query: z.strictObject({
    ...page('documents'),
    q: z.string().min(1).max(1_000).optional().describe('Part of the title or source, ignoring case.'),
  }),
  responses: {
    200: z.strictObject({
      documents: list(document),
      next: id.nullable().describe('The `after` of the next page; null on the last.'),
    }),
  },
  errors: [],
})

export const addDocuments = operation({
  id: 'addDocuments',
  method: 'POST',
  path: '/api/v1/documents',
  tag,
  summary: 'Store a text, or upload files',
  description:
    'A text as JSON returns its document (201). Files as a multipart form (`files`) return a report (200): ' +
    'text, Markdown, HTML, PDF and Word. An existing document with the same `source` is replaced; for files the source is ' +
    '`upload:` and the file’s name.',
  scope: 'write',
  headers: idempotency,
  body: z.strictObject({
    title: z.string().min(1).max(10_000),
    content: z.string().min(1).describe('Markdown, or plain text.'),
    source: z.string().min(1).max(4_000).optional(),
    media_type: z.enum(['text/markdown', 'text/plain', 'text/html']).optional(),
    metadata: metadata.optional(),
    model: modelName.optional().describe('Embed with this model only. Default: with every written model.'),
  }),
  form: z.strictObject({
    model: modelName.optional(),
    metadata: z.string().optional().describe('A JSON object, added to the metadata of every file.'),
  }),
  responses: { 200: ingestReport, 201: document },
  errors: [
    'REQUEST_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'IDEMPOTENCY_CONFLICT',
    'DOCUMENT_EMPTY',
    'DOCUMENTS_FAILED',
    'FILE_TOO_LARGE',
    'FILE_TYPE_UNSUPPORTED',
    'PARSE_FAILED',
    'PARSE_TIMEOUT',
    'MODEL_UNKNOWN',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
    'RATE_LIMITED',
  ],
  example: { title: 'Tea', content: 'Green tea is not fermented.', metadata: { kind: 'note' } },
})

export const getDocument = operation({
  id: 'getDocument',
  method: 'GET',
  path: '/api/v1/documents/{id}',
  tag,
  summary: 'A document with its text and chunks',
  scope: 'read',
  params: documentId,
  responses: { 200: storedDocument },
  errors: ['NOT_FOUND'],
})

export const removeDocument = operation({
  id: 'removeDocument',
  method: 'DELETE',
  path: '/api/v1/documents/{id}',
  tag,
  summary: 'Remove a document with its chunks and vectors',
  scope: 'write',
  params: documentId,
  responses: { 204: z.undefined() },
  errors: ['NOT_FOUND'],
})

export const documentEmbeddings = operation({
  id: 'documentEmbeddings',
  method: 'GET',
  path: '/api/v1/documents/{id}/embeddings',
  tag,
  summary: 'Which models have vectors of a document',
  scope: 'read',
  params: documentId,
  responses: {
    200: z.strictObject({
      document_id: id,
      chunks: z.int(),
      models: list(
        z.strictObject({
          model_name: z.string(),
          dimension: z.int(),
          state: z.enum(modelStates),
          embeddings: z.int(),
          coverage: z.number(),
          missing: list(id).describe('Chunks without a vector, up to 1,000.'),
        }),
      ),
    }),
  },
  errors: ['NOT_FOUND'],
})

export const embedDocument = operation({
  id: 'embedDocument',
  method: 'PUT',
  path: '/api/v1/documents/{id}/embeddings',
  tag,
  summary: 'Embed the chunks of a document that lack a vector in a model',
  scope: 'write',
  params: documentId,
  query: z.strictObject({ model: modelName }),
  responses: {
    200: z.strictObject({
      model_name: z.string(),
      embedded: z.int(),
      reused: z.int(),
      present: z.int(),
      tokens: z.int(),
      seconds: z.number(),
    }),
  },
  errors: [
    'NOT_FOUND',
    'MODEL_UNKNOWN',
    'VECTOR_COLUMN_MISSING',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
    'RATE_LIMITED',
  ],
})
