import * as z from 'zod'
import type { Of } from './codec.ts'
import { id, list } from './field.ts'
import { coverage, type Hit, serving } from './search.ts'

/** Where a sentence of an answer comes from. */
export const citation = z
  .strictObject({
    marker: z
      .int()
      .describe(
        'The number that stands for it in the answer’s text: `[1]`. From 1, in the order of the text.',
      ),
    chunkId: id,
    documentId: id,
    title: z.string(),
    source: z.string().nullable(),
    headingPath: list(z.string()),
    page: z.int().nullable().describe('Where the passage begins, from 1, where the source has pages.'),
    startOffset: z
      .int()
      .nullable()
      .describe(
        'Where the quote is in the document’s text, in UTF-16 code units, half-open; null: not known.',
      ),
    endOffset: z.int().nullable(),
    quote: z.string().describe('The words of the document, exactly as they are stored.'),
  })
  .meta({ id: 'Citation' })
export type Citation = Of<typeof citation>

/** `generated`: by a language model from the passages. `extractive`: sentences of the passages, word for word. */
export const answerMode = z.enum(['generated', 'extractive'])
export type AnswerMode = Of<typeof answerMode>

/** Why an answer says nothing: no passage was near enough, or the language model found nothing in those it was given. */
export const unanswered = z.enum(['nothing_found', 'nothing_close', 'not_in_passages'])
export type Unanswered = Of<typeof unanswered>

export const tokenUsage = z.strictObject({ inputTokens: z.int(), outputTokens: z.int() })
export type TokenUsage = Of<typeof tokenUsage>

export const answer = z
  .strictObject({
    query: z.string(),
    answer: z
      .string()
      .describe('With markers `[1]` where it is cited. When `answered` is false, a sentence that says so.'),
    answered: z.boolean().describe('False: it is not in the documents.'),
    reason: unanswered.nullable().describe('Why there is no answer; null when there is one.'),
    mode: answerMode.describe('By a language model, or from the best sentences.'),
    model: z
      .string()
      .describe('The embedding model that found the passages; of two (`serve`: `both`), the source.'),
    languageModel: z.string().nullable().describe('`provider:model`; null when none is configured.'),
    citations: list(citation),
    removedCitations: z.int().describe('Citations of passages that were not given, taken out.'),
    truncated: z.boolean().describe('The answer was cut at the most tokens it may have.'),
    coverage,
    serving: serving.optional().describe('Present when `serve` was asked for.'),
    usage: tokenUsage
      .nullable()
      .describe('What the provider counted; null where it did not say, or was not asked.'),
    tookMs: z.number(),
  })
  .meta({ id: 'Answer' })
export type Answer = Of<typeof answer>

/** What happens while an answer is made, in this order: hits; text and citations in turn; done. */
export type AnswerEvent =
  /** The passages that the answer may use, best first. */
  | { readonly type: 'hits'; readonly hits: readonly Hit[] }
  /** The next piece of the text. */
  | { readonly type: 'text'; readonly text: string }
  /** Comes before the text that has its marker, once for each. */
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'done'; readonly answer: Answer }
