import * as z from 'zod'
import { documentSummary, documentEmbeddings as embeddings, storedDocument } from '../../wire/document.ts'
import { id, list, metadata, modelName } from '../../wire/field.ts'
import { fillReport, ingestReport } from '../../wire/ingest.ts'
import { documentId, embeddingErrors, operation, page } from './operation.ts'

const tag = 'documents'

/** Files that were uploaded, one by one. */
export const uploadReport = z
  .strictObject({
    ...ingestReport.shape,
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

export const listDocuments = operation('listDocuments', 'GET /api/v1/documents', {
  tag,
  summary: 'A page of documents, oldest first',
  scope: 'read',
  asRole: true,
  query: z.strictObject({
    ...page('documents'),
    q: z.string().min(1).max(1_000).optional().describe('Part of the title or source, ignoring case.'),
  }),
  responses: {
    200: z.strictObject({
      documents: list(documentSummary),
      next: id.nullable().describe('The `after` of the next page; null on the last.'),
    }),
  },
})

export const addDocuments = operation('addDocuments', 'POST /api/v1/documents', {
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
    mediaType: z.enum(['text/markdown', 'text/plain', 'text/html']).optional(),
    metadata: metadata.optional(),
    model: modelName.optional().describe('Embed with this model only. Default: with every written model.'),
  }),
  form: z.strictObject({
    model: modelName.optional(),
    metadata: z.string().optional().describe('A JSON object, added to the metadata of every file.'),
  }),
  responses: { 200: uploadReport, 201: documentSummary },
  errors: [
    'REQUEST_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'IDEMPOTENCY_CONFLICT',
    'DOCUMENT_EMPTY',
    'DOCUMENTS_FAILED',
    'FILE_TOO_LARGE',
    'FILE_TYPE_UNSUPPORTED',
    'PARSE_FAILED',
    'PARSE_OUT_OF_MEMORY',
    'PARSE_TIMEOUT',
    'RATE_LIMITED',
    ...embeddingErrors,
  ],
  example: { title: 'Tea', content: 'Green tea is not fermented.', metadata: { kind: 'note' } },
})

export const getDocument = operation('getDocument', 'GET /api/v1/documents/{id}', {
  tag,
  summary: 'A document with its text and chunks',
  scope: 'read',
  asRole: true,
  params: documentId,
  responses: { 200: storedDocument },
  errors: ['NOT_FOUND'],
})

export const removeDocument = operation('removeDocument', 'DELETE /api/v1/documents/{id}', {
  tag,
  summary: 'Remove a document with its chunks and vectors',
  scope: 'write',
  params: documentId,
  responses: { 204: z.undefined() },
  errors: ['NOT_FOUND'],
})

export const documentEmbeddings = operation('documentEmbeddings', 'GET /api/v1/documents/{id}/embeddings', {
  tag,
  summary: 'Which models have vectors of a document',
  scope: 'read',
  asRole: true,
  params: documentId,
  responses: { 200: embeddings },
  errors: ['NOT_FOUND'],
})

export const embedDocument = operation('embedDocument', 'PUT /api/v1/documents/{id}/embeddings', {
  tag,
  summary: 'Embed the chunks of a document that lack a vector in a model',
  scope: 'write',
  params: documentId,
  query: z.strictObject({ model: modelName }),
  responses: { 200: fillReport },
  errors: ['NOT_FOUND', 'VECTOR_COLUMN_MISSING', 'RATE_LIMITED', ...embeddingErrors],
})
