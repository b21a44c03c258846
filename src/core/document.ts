/** JSON-valued metadata of a document, filterable in searches. */
export type Metadata = Readonly<Record<string, unknown>>

/** Ids are opaque strings outside the store; integer or uuid inside, per database. */
export type DocumentId = string
export type ChunkId = string

/** A span of a document's text, in order, before it is stored. */
export interface ChunkText {
  /** 0-based place among the document's chunks. */
  readonly position: number
  /** Exactly `document.content.slice(startOffset, endOffset)`. */
  readonly content: string
  /** UTF-16 code units into the document's text, half-open. */
  readonly startOffset: number
  readonly endOffset: number
  /** Headings above the chunk, outermost first. */
  readonly headingPath: readonly string[]
  /** 1-based page where the chunk begins, where the source has pages. */
  readonly page: number | null
  readonly tokenCount: number
  /** SHA-256 of `content` in UTF-8, hex. */
  readonly contentHash: string
}

/** What a parser makes of a file. */
export interface ParsedDocument {
  readonly title: string
  /** Normalised text: LF line ends, no NUL, well-formed Unicode. Markdown where the source has structure. */
  readonly text: string
  readonly mediaType: string
  /** Offsets in `text` at which each page begins (first is 0); empty when the source has no pages. */
  readonly pageOffsets: readonly number[]
  /** Where headings stand, in order, in formats that have no mark-up for them in the text (PDF). */
  readonly headings?: readonly HeadingSpan[]
  /** What the file says of itself: author, dates, encoding. */
  readonly metadata: Metadata
}

/** A heading of a document: whole lines of its text. */
export interface HeadingSpan {
  readonly start: number
  readonly end: number
  /** 1 (the highest) to 6. */
  readonly depth: number
}
