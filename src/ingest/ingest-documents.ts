import { randomUUID } from 'node:crypto'
import type { DocumentId, Metadata } from '../core/document.ts'
import { isRevectorError, RevectorError, throwIfAborted } from '../core/errors.ts'
import type { CallOptions } from '../core/progress.ts'
import type { Deps, EmbedDeps } from '../store/deps.ts'
import type { IngestReport } from '../wire/ingest.ts'
import { inOrder } from './batches.ts'
import { checkDocument, checkText, sourceOf, titleOf } from './check-document.ts'
import { modelLookup } from './given-vectors.ts'
import type { IngestDocument } from './ingest-document.ts'
import { type PreparedDocument, prepareDocument } from './prepare.ts'
import { type ChunkedDocument, prepareChunks } from './prepare-chunks.ts'
import { type IngestTally, tallyIngest } from './tally.ts'
import { stopsEveryDocument, writeAll } from './write-all.ts'

/** A text with what its owner knows of it. */
export type TextDocument = Pick<IngestDocument, 'title' | 'content' | 'source' | 'mediaType' | 'metadata'>

/** What became of one document. */
export type DocumentResult = {
  /** From 0, in the order in which the documents came. */
  readonly index: number
  readonly source: string | null
} & (
  | {
      readonly outcome: 'added' | 'changed' | 'unchanged'
      readonly id: DocumentId
      readonly chunks: number
    }
  | { readonly outcome: 'failed'; readonly error: RevectorError }
)

export interface IngestDocuments extends CallOptions {
  /** Embed with this model only; if not set: with every written model. */
  readonly model?: string
  /** Added to the metadata of every document; a document's own takes precedence. */
  readonly metadata?: Metadata
  /** Whose they are: while one owner's long texts are read, those of others are too. Default: this call's. */
  readonly owner?: string
  /**
   * Called once for each document, when it is stored or has failed; a promise is awaited before more are written. An error
   * that it throws ends the call.
   */
  readonly onDocument?: (result: DocumentResult) => void | Promise<void>
}

/** Texts read ahead of the batch that is being written. */
const readAhead = 4

/**
 * Writes texts: read, cut, embedded a batch at a time across documents, and stored in one transaction a batch. Documents are
 * taken from the iterable as they are written, two batches (of at most 512 chunks) ahead of what is stored. One that
 * fails does not affect the others. Run again, documents with a `source` that have not changed are skipped.
 *
 * @throws RevectorError for what would stop every document: MODEL_UNKNOWN, PROVIDER_*, DATABASE_*, INTERRUPTED; and what the
 * iterable throws. What was stored before stays.
 */
export async function ingestDocuments(
  deps: EmbedDeps & Pick<Deps, 'parser'>,
  documents: Iterable<TextDocument> | AsyncIterable<TextDocument>,
  options: IngestDocuments = {},
): Promise<IngestReport> {
  const { signal, owner = randomUUID() } = options
  return ingestEach(deps, documents, options, async (document, path) => {
    checkText('title', document.title)
    checkText('content', document.content)
    const { title, source = null, content, mediaType = 'text/markdown', metadata } = document
    const bytes = new TextEncoder().encode(content)
    const parsed = await deps.parser.parse({ bytes, mediaType }, { signal, owner })
    return prepareDocument(parsed, { path, title, source, metadata })
  })
}

/**
 * The same for texts that are already cut, with or without vectors: a chunk's vectors are checked (a registered model, its
 * width, finite numbers, not all zero) and scaled to length 1 where the model's are. Equal texts have one vector in a model.
 *
 * @throws RevectorError as `ingestDocuments`
 */
export async function ingestChunks(
  deps: EmbedDeps,
  documents: Iterable<ChunkedDocument> | AsyncIterable<ChunkedDocument>,
  options: IngestDocuments = {},
): Promise<IngestReport> {
  const lookUp = modelLookup(deps.db)
  return ingestEach(deps, documents, options, (document, path) => {
    checkText('title', document.title)
    return prepareChunks(document, { path, lookUp })
  })
}

type Given = TextDocument | ChunkedDocument

async function ingestEach<Document extends Given>(
  deps: EmbedDeps,
  documents: Iterable<Document> | AsyncIterable<Document>,
  options: IngestDocuments,
  prepare: (document: Document, path: string) => Promise<PreparedDocument>,
): Promise<IngestReport> {
  const { signal, onProgress, onDocument } = options
  const places = new Map<PreparedDocument, Place>()
  const counting = tallyIngest(onProgress)
  const tally: IngestTally = {
    ...counting,
    async written(document, written) {
      counting.written(document, written)
      const place = places.get(document)
      places.delete(document)
      if (written !== undefined && place !== undefined) await onDocument?.({ ...place, ...written })
    },
    async failed(path, error, document) {
      counting.failed(path, error)
      const place = document === undefined ? undefined : places.get(document)
      if (document !== undefined) places.delete(document)
      if (place !== undefined) await onDocument?.({ ...place, outcome: 'failed', error: asKnown(error) })
    },
  }

  async function* prepared(): AsyncIterable<PreparedDocument> {
    const ready = inOrder(numbered(documents), readAhead, async ({ index, document }) => {
      throwIfAborted(signal)
      const place: Place = { index, source: sourceOf(document) }
      const path = place.source ?? titleOf(document) ?? `document ${index}`
      try {
        const made = await prepare(checkDocument(document, options.metadata), path)
        places.set(made, place)
        return made
      } catch (error) {
        // A vector of another width is this document's fault, not the model's.
        if (stopsEveryDocument(error) && !isRevectorError(error, 'EMBEDDING_DIMENSION_MISMATCH')) throw error
        return { path, place, error }
      }
    })
    for await (const one of ready) {
      if (!('error' in one)) yield one
      else {
        counting.failed(one.path, one.error)
        await onDocument?.({ ...one.place, outcome: 'failed', error: asKnown(one.error) })
      }
    }
  }

  return writeAll(deps, options, tally, prepared)
}

type Place = Pick<DocumentResult, 'index' | 'source'>

async function* numbered<Document>(
  documents: Iterable<Document> | AsyncIterable<Document>,
): AsyncIterable<{ readonly index: number; readonly document: Document }> {
  let index = 0
  for await (const document of documents) yield { index: index++, document }
}

function asKnown(error: unknown): RevectorError {
  if (isRevectorError(error)) return error
  return new RevectorError('INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}
