import * as z from 'zod'
import { answer, answerMode, citation } from '../../wire/answer.ts'
import { list, modelName } from '../../wire/field.ts'
import { hit, minScore, searchFilter, serve } from '../../wire/search.ts'
import { embeddingErrors, operation } from './operation.ts'
import { problem } from './problem.ts'
import { query as question } from './search.ts'

export const query = operation('query', 'POST /api/v1/query', {
  tag: 'search',
  summary: 'Ask a question',
  description:
    'An answer with citations. As a stream if `text/event-stream` is requested: `hits`, then `text` and `citation` as ' +
    'they arrive, then `done` with the whole answer, or `error`. After a lost connection, send the same request again within ' +
    'five seconds with `Last-Event-ID` to get the rest; later, or at another server, the answer starts again from `hits`.',
  scope: 'read',
  asRole: true,
  body: z.strictObject({
    query: question,
    model: modelName.optional().describe('The embedding model. Default: the current one.'),
    serve: serve
      .optional()
      .describe('Instead of `model`, while a migration fills: which of its models find the passages.'),
    topK: z.int().min(1).max(50).default(8).describe('Number of passages the answer may use.'),
    minScore: minScore.describe('Passages with a lower score are left out.'),
    mode: answerMode
      .optional()
      .describe('Default: generated if a language model is configured, extractive otherwise.'),
    filter: searchFilter.optional(),
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
    'MODEL_EMPTY',
    'VECTOR_COLUMN_MISSING',
    'EMBEDDING_DIMENSION_MISMATCH',
    'CONFIG_INVALID',
    'PROVIDER_REPLY_INVALID',
    'RATE_LIMITED',
    ...embeddingErrors,
  ],
  example: { query: 'How do I change the embedding model?' },
})
