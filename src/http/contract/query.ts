import * as z from 'zod'
import { id, list, modelName, operation } from './operation.ts'
import { problem } from './problem.ts'
import { coverage, filter, hit, query as question, serve, serving } from './search.ts'

export const citation = z
  .strictObject({
    marker: z.int().describe('`[1]` in the answer.'),
    chunk_id: id,
    document_id: id,
    title: z.string(),
    source: z.string().nullable(),
    heading_path: list(z.string()),
    page: z.int().nullable(),
    start_offset: z.int().nullable().describe('Where the quote is in the document’s text.'),
    end_offset: z.int().nullable(),
    quote: z.string().describe('The words of the document.'),
  })
  .meta({ id: 'Citation' })

export const answer = z
  .strictObject({
    query: z.string(),
    answer: z.string(),
    answered: z.boolean().describe('False: it is not in the documents.'),
    reason: z
      .enum(['nothing_found', 'nothing_close', 'not_in_passages'])
      .nullable()
      .describe('Why there is no answer; null when there is one.'),
    mode: z.enum(['generated', 'extractive']).describe('By a language model, or from the best sentences.'),
    model: z.string().describe('The embedding model.'),
    language_model: z.string().nullable(),
    citations: list(citation),
    removed_citations: z.int().describe('Citations of passages that were not given, taken out.'),
    truncated: z.boolean().describe('The answer was cut at the most tokens it may have.'),
    coverage,
    serving: serving.optional().describe('Present when `serve` was asked for.'),
    usage: z.strictObject({ input_tokens: z.int(), output_tokens: z.int() }).nullable(),
    took_ms: z.number(),
  })
  .meta({ id: 'Answer' })

export const query = operation({
  id: 'query',
  method: 'POST',
  path: '/api/v1/query',
  tag: 'search',
  summary: 'Ask a question',
  description:
    'An answer with citations. As a stream when `text/event-stream` is asked for: `hits`, then `text` and `citation` as ' +
    'they come, then `done` with the whole answer, or `error`. Who loses the line sends the same request again within ' +
    'five seconds with `Last-Event-ID`, and hears the rest; later, or at another server, the answer is made anew from `hits` on.',
  scope: 'read',
  body: z.strictObject({
    query: question,
    model: modelName.optional().describe('The embedding model. Default: the current one.'),
    serve: serve
      .optional()
      .describe('In place of `model`, while a migration fills: which of its models find the passages.'),
    top_k: z.int().min(1).max(50).default(8).describe('How many passages the answer may use.'),
    min_score: z.number().optional().describe('Passages that score less are left out.'),
    mode: z
      .enum(['generated', 'extractive'])
      .optional()
      .describe('Default: generated where a language model is configured, extractive otherwise.'),
    filter: filter.optional(),
  }),
  headers: z.looseObject({
    'last-event-id': z.string().max(100).optional().describe('Id of the last event seen.'),
  }),
  responses: { 200: answer },
  events: {
    hits: z.strictObject({ hits: list(hit) }),
    text: z.strictObject({ delta: z.string() }),
    citation,
    done: answer,
    error: problem,
  },
  errors: [
    'LANGUAGE_MODEL_MISSING',
    'MODEL_UNKNOWN',
    'MODEL_EMPTY',
    'VECTOR_COLUMN_MISSING',
    'EMBEDDING_DIMENSION_MISMATCH',
    'CONFIG_INVALID',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
    'PROVIDER_REPLY_INVALID',
    'RATE_LIMITED',
  ],
  example: { query: 'How do I change the embedding model?' },
})
