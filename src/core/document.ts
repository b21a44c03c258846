/** JSON-valued metadata of a document, filterable in searches. */
export type Metadata = Readonly<Record<string, unknown>>

/** Ids are opaque strings outside the store; integer or uuid inside, per database. */
export type DocumentId = string
export type ChunkId = string

/** A span of a document's text, in order, before it is stored. */
export interface ChunkText {
  /** 0-based position among the document's chunks. */
  readonly position: number
  /** Exactly `document.content.slice(startOffset, endOffset)`. */
  readonly content: string
  /** UTF-16 code units in the document's text, half-open. */
  readonly startOffset: number
  readonly endOffset: number
  /** Headings above the chunk, outermost first. */
  readonly headingPath: readonly string[]
  /** 1-based page on which the chunk begins, if the source has pages. */
  readonly page: number | null
  readonly tokenCount: number
  /** SHA-256 of `content` in UTF-8, in hex. */
  readonly contentHash: string
}

/** The result of parsing a file. */
export interface ParsedDocument {
  readonly title: string
  /** Normalised text: LF line ends, no NUL, well-formed Unicode. Markdown if the source has structure. */
  readonly text: string
  readonly mediaType: string
  /** Offsets in `text` at which each page begins (the first is 0); empty if the source has no pages. */
  readonly pageOffsets: readonly number[]
  /** Headings, in order, of formats whose text has no mark-up for them (PDF). */
  readonly headings?: readonly HeadingSpan[]
  /** The file's own metadata: author, dates, encoding. */
  readonly metadata: Metadata
}

/** A document that has been parsed and split. */
export interface SplitDocument extends ParsedDocument {
  readonly chunks: readonly ChunkText[]
  /** SHA-256 of `text` in UTF-8, in hex. */
  readonly textHash: string
}

/** How long chunks may be. */
export interface ChunkLimits {
  /** Most tokens of a chunk; 16 or more. Default 256. */
  readonly maxTokens?: number
  /**
   * Tokens of the preceding text that a chunk repeats, in whole sentences or words, never across a heading;
   * less than half of `maxTokens`. Default 0.
   */
  readonly overlapTokens?: number
}

/** A heading of a document: whole lines of its text. */
export interface HeadingSpan {
  readonly start: number
  readonly end: number
  /** 1 (the highest) to 6. */
  readonly depth: number
}
