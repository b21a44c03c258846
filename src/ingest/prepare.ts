import { createHash } from 'node:crypto'
import type { ChunkText, Metadata, ParsedDocument } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import { type SplitOptions, splitDocument } from '../splitting/split.ts'

/** A document that is ready to be written: parsed, split, hashed; nothing embedded yet. */
export interface PreparedDocument {
  /** How it is named in reports: its path, or its title. */
  readonly path: string
  /** Its owner's name for it; null: it can't be recognised when it is given again. */
  readonly source: string | null
  readonly title: string
  readonly content: string
  readonly mediaType: string
  readonly metadata: Metadata
  /** SHA-256 of title, type, metadata and content, hex: when it is the same, nothing needs to be written. */
  readonly contentHash: string
  readonly chunks: readonly ChunkText[]
}

export interface Origin {
  readonly path: string
  readonly source: string | null
  /** Given by the caller; wins over what the file says of itself. */
  readonly metadata?: Metadata
  readonly title?: string
}

/** @throws RevectorError DOCUMENT_EMPTY */
export function prepareDocument(
  parsed: ParsedDocument,
  origin: Origin,
  split: SplitOptions,
): PreparedDocument {
  const chunks = splitDocument(parsed, split)
  if (chunks.length === 0) {
    throw new RevectorError('DOCUMENT_EMPTY', `${origin.path} has no text.`, {
      hint: 'Give a document with text in it.',
      data: { path: origin.path },
    })
  }
  const title = origin.title ?? parsed.title
  const metadata = { ...parsed.metadata, ...origin.metadata }
  const made = JSON.stringify([title, parsed.mediaType, metadata, parsed.text])
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
