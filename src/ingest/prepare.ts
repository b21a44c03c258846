import { createHash } from 'node:crypto'
import type { ChunkText, Metadata, SplitDocument } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'

/** A document that is ready to be written: parsed, split and hashed, but not embedded. */
export interface PreparedDocument {
  /** Its name in reports: its path or its title. */
  readonly path: string
  /** The caller's identifier; null: the document can't be recognised when it is ingested again. */
  readonly source: string | null
  readonly title: string
  readonly content: string
  readonly mediaType: string
  readonly metadata: Metadata
  /** SHA-256 of title, type, metadata and content, in hex: if it is unchanged, nothing needs to be written. */
  readonly contentHash: string
  readonly chunks: readonly ChunkText[]
  /** Vectors that the caller has of the chunks' texts, each model once. */
  readonly given?: readonly GivenVectors[]
}

/** Checked vectors of one model, by content hash. */
export interface GivenVectors {
  readonly modelName: string
  readonly modelId: number
  readonly vectors: ReadonlyMap<string, Float32Array>
}

export interface Origin {
  readonly path: string
  readonly source: string | null
  /** From the caller; takes precedence over the file's own. */
  readonly metadata?: Metadata
  readonly title?: string
}

/** @throws RevectorError DOCUMENT_EMPTY */
export function prepareDocument(parsed: SplitDocument, origin: Origin): PreparedDocument {
  const { chunks } = parsed
  if (chunks.length === 0) {
    throw new RevectorError('DOCUMENT_EMPTY', `${origin.path} has no text.`, {
      hint: 'Ingest a document that has text.',
      data: { path: origin.path },
    })
  }
  const title = origin.title ?? parsed.title
  const metadata = { ...parsed.metadata, ...origin.metadata }
  const made = JSON.stringify([title, parsed.mediaType, metadata, parsed.textHash])
  return {
    path: origin.path,
    source: origin.source,
    title,
    content: parsed.text,
    mediaType: parsed.mediaType,
    metadata,
    contentHash: createHash('sha256').update(made).digest('hex'),
    chunks,
  }
}
