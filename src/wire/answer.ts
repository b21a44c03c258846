import * as z from 'zod'
import type { Of } from './codec.ts'
import { id, list } from './field.ts'
import { coverage, type Hit, serving } from './search.ts'

/** Where a sentence of an answer comes from. */
export const citation = z
  .strictObject({
    marker: z.int().describe('Its number in the answer’s text: `[1]`. From 1, in the order of the text.'),
    chunkId: id,
    documentId: id,
    title: z.string(),
    source: z.string().nullable(),
    headingPath: list(z.string()),
    page: z
      .int()
      .nullable()
      .describe('The page, from 1, on which the passage begins, if the source has pages.'),
    startOffset: z
      .int()
      .nullable()
      .describe(
        'Position of the quote in the document’s text, in UTF-16 code units, half-open; null: unknown.',
      ),
    endOffset: z.int().nullable(),
    quote: z.string().describe('The quoted text, exactly as it is stored.'),
  })
  .meta({ id: 'Citation' })
export type Citation = Of<typeof citation>

/** `generated`: by a language model from the passages. `extractive`: sentences quoted from the passages. */
export const answerMode = z.enum(['generated', 'extractive'])
export type AnswerMode = Of<typeof answerMode>

/**
 * Why there is no answer: no passage was close enough, or the language model found no answer in the passages.
 */
export const unanswered = z.enum(['nothing_found', 'nothing_close', 'not_in_passages'])
export type Unanswered = Of<typeof unanswered>

export const tokenUsage = z.strictObject({ inputTokens: z.int(), outputTokens: z.int() })
export type TokenUsage = Of<typeof tokenUsage>

export const answer = z
  .strictObject({
    query: z.string(),
    answer: z
      .string()
      .describe('Has markers such as `[1]` for citations. If `answered` is false, a sentence that says so.'),
    answered: z.boolean().describe('False: the documents do not contain an answer.'),
    reason: unanswered.nullable().describe('Why there is no answer; null if there is one.'),
    mode: answerMode.describe('By a language model, or from the best sentences.'),
    model: z
      .string()
      .describe('The embedding model that found the passages; with `serve`: `both`, the source.'),
    languageModel: z.string().nullable().describe('`provider:model`; null if none is configured.'),
    citations: list(citation),
    removedCitations: z.int().describe('Citations of passages that do not exist, which were removed.'),
    truncated: z.boolean().describe('The answer was cut off at the most tokens allowed.'),
    coverage,
    serving: serving.optional().describe('Present if the request had `serve`.'),
    usage: tokenUsage
      .nullable()
      .describe('Tokens as the provider counted them; null if it did not say or was not called.'),
    tookMs: z.number(),
  })
  .meta({ id: 'Answer' })
export type Answer = Of<typeof answer>

/** The events of an answer, in this order: hits; text and citations in turn; done. */
export type AnswerEvent =
  /** The passages that the answer may use, best first. */
  | { readonly type: 'hits'; readonly hits: readonly Hit[] }
  /** The next piece of the text. */
  | { readonly type: 'text'; readonly text: string }
  /** Comes once for each marker, before the text that has it. */
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'done'; readonly answer: Answer }
