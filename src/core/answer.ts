import type { ChunkId, DocumentId } from './document.ts'
import type { Hit, Serving } from './search.ts'

/** Where a sentence of an answer comes from. */
export interface Citation {
  /** The number that stands for it in the answer's text, in brackets: `[1]`. From 1, in the order of the text. */
  readonly marker: number
  readonly chunkId: ChunkId
  readonly documentId: DocumentId
  readonly title: string
  readonly source: string | null
  readonly headingPath: readonly string[]
  /** 1-based page where the passage begins, where the source has pages. */
  readonly page: number | null
  /** UTF-16 code units of `quote` in the document's text, half-open; null where the chunk's place is not known. */
  readonly startOffset: number | null
  readonly endOffset: number | null
  /** The words of the passage, exactly as they are stored. */
  readonly quote: string
}

/** `generated`: by a language model from the passages. `extractive`: sentences of the passages, word for word. */
export type AnswerMode = 'generated' | 'extractive'

/** Why an answer says nothing: no passage was near enough, or the language model found nothing in those it was given. */
export type Unanswered = 'nothing_found' | 'nothing_close' | 'not_in_passages'

export interface TokenUsage {
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface Answer {
  readonly query: string
  /** The text, with markers `[1]` where it is cited. When `answered` is false, a sentence that says so. */
  readonly answer: string
  readonly answered: boolean
  /** Null when answered. */
  readonly reason: Unanswered | null
  readonly mode: AnswerMode
  /** The embedding model that found the passages; of two (`serve: 'both'`), the source. `coverage` names both. */
  readonly model: string
  /** `provider:model`; null when none is configured. */
  readonly languageModel: string | null
  readonly citations: readonly Citation[]
  /** Citations of passages that were not given to the language model; they are not in the text. */
  readonly removedCitations: number
  /** The text ends early, at the most tokens that the language model may write. */
  readonly truncated: boolean
  /** By model: chunks with a vector / chunks, over what the search could see. 1 is complete. */
  readonly coverage: Readonly<Record<string, number>>
  /** Present when the request named `serve`. */
  readonly serving?: Serving
  /** What the provider counted; null where it did not say, or was not asked. */
  readonly usage: TokenUsage | null
  readonly tookMs: number
}

/** What happens while an answer is made, in this order: hits; text and citations in turn; done. */
export type AnswerEvent =
  /** The passages that the answer may use, best first. */
  | { readonly type: 'hits'; readonly hits: readonly Hit[] }
  /** The next piece of the text. */
  | { readonly type: 'text'; readonly text: string }
  /** Comes before the text that has its marker, once for each. */
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'done'; readonly answer: Answer }

/** Providers of language models. */
export const languageProviderNames = ['openai', 'openai-compatible', 'google', 'mistral', 'cohere'] as const
export type LanguageProviderName = (typeof languageProviderNames)[number]
