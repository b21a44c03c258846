import * as z from 'zod'
import { id, list, modelName, operation } from './operation.ts'
import { problem } from './problem.ts'
import { coverage, filter, query as question, topK } from './search.ts'

const citation = z
  .strictObject({
    marker: z.int().describe('`[1]` in the answer.'),
    chunk_id: id,
    document_id: id,
    title: z.string(),
    heading_path: list(z.string()),
    page: z.int().nullable(),
    start_offset: z.int().nullable(),
    end_offset: z.int().nullable(),
    quote: z.string(),
  })
  .meta({ id: 'Citation' })

export const answer = z
  .strictObject({
    query: z.string(),
    answer: z.string(),
    answered: z.boolean().describe('False: it is not in the documents.'),
    mode: z.enum(['generated', 'extractive']).describe('By a language model, or from the best sentences.'),
    model: z.string().describe('The embedding model.'),
    language_model: z.string().nullable(),
    citations: list(citation),
    removed_citations: z.int().describe('Citations of passages that were not given, taken out.'),
    coverage,
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
    'they come, then `done` with the whole answer, or `error`.',
  scope: 'read',
  body: z.strictObject({
    query: question,
    model: modelName.optional().describe('The embedding model. Default: the current one.'),
    top_k: topK.describe('How many passages are looked at.'),
    filter: filter.optional(),
  }),
  responses: { 200: answer },
  events: {
    hits: z.unknown(),
    text: z.strictObject({ delta: z.string() }),
    citation,
    done: answer,
    error: problem,
  },
  errors: [
    'MODEL_UNKNOWN',
    'MODEL_EMPTY',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
    'PROVIDER_REPLY_INVALID',
    'RATE_LIMITED',
  ],
  example: { query: 'How do I change the embedding model?' },
})

export type Answer = z.output<typeof answer>
