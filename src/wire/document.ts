import * as z from 'zod'
import { modelStates } from '../core/model.ts'
import type { Of } from './codec.ts'
import { id, list, metadata } from './field.ts'

export const documentSummary = z
  .strictObject({
    id,
    title: z.string(),
    source: z.string().nullable().describe('Identifies the document: a path or URL.'),
    mediaType: z.string().nullable(),
    metadata,
    chunks: z.int(),
    createdAt: z.date().nullable().describe('Null for rows of an adopted table that lack it.'),
    updatedAt: z.date().nullable(),
  })
  .meta({ id: 'Document' })
export type DocumentSummary = Of<typeof documentSummary>

/** In an adopted database all but id and content may be missing. */
const storedChunk = z.strictObject({
  id,
  position: z.int().nullable(),
  content: z.string(),
  startOffset: z.int().nullable().describe('In `content`, in UTF-16 code units; half-open.'),
  endOffset: z.int().nullable(),
  headingPath: list(z.string()),
  page: z.int().nullable(),
  tokenCount: z.int().nullable(),
})
export type StoredChunk = Of<typeof storedChunk>

export const storedDocument = z
  .strictObject({
    ...documentSummary.shape,
    content: z.string().nullable().describe('Null in an adopted database that keeps only chunks.'),
    chunkList: list(storedChunk),
  })
  .meta({ id: 'StoredDocument', description: 'A document with its text and its chunks.' })
export type StoredDocument = Of<typeof storedDocument>

export const documentEmbeddings = z.strictObject({
  documentId: id,
  chunks: z.int(),
  models: list(
    z.strictObject({
      modelName: z.string(),
      dimension: z.int(),
      state: z.enum(modelStates),
      embeddings: z.int(),
      coverage: z.number(),
      missing: list(id).describe('Chunks with text that lack a vector, up to 1,000.'),
    }),
  ).describe('Every registered model, even without vectors of the document.'),
})
export type DocumentEmbeddings = Of<typeof documentEmbeddings>
