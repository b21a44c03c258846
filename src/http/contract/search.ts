import * as z from 'zod'
import { modelName } from '../../wire/field.ts'
import { aggregation, minScore, searchFilter, searchResult, serve, topK } from '../../wire/search.ts'
import { embeddingErrors, operation } from './operation.ts'

export const query = z.string().min(1).max(20_000).describe('The question, up to 20,000 characters.')

const vector = z.array(z.number()).min(1).max(16_000)

export const search = operation('search', 'POST /api/v1/search', {
  tag: 'search',
  summary: 'Find passages',
  description:
    'In the current model, in a named one (`model`), in several (`models`), or while a migration fills (`serve`): at most ' +
    'one of the three.',
  scope: 'read',
  asRole: true,
  body: z.strictObject({
    query: query.optional().describe('May be omitted if vectors are given.'),
    model: modelName.optional().describe('Default: the current model.'),
    models: z.array(modelName).min(1).max(20).optional().describe('Each searches its own space.'),
    aggregation: aggregation
      .optional()
      .describe('With `models`: passages that any model found (the default), or that all models found.'),
    serve: serve
      .optional()
      .describe('While a migration fills: the source alone, the target as far as it is filled, or both.'),
    topK,
    minScore,
    filter: searchFilter.optional(),
    vector: vector.optional().describe('The query’s vector in the model: nothing is embedded then.'),
    vectors: z.record(z.string(), vector).optional().describe('By model name, for several models.'),
    explain: z.boolean().default(false).describe('Also return the query plans.'),
  }),
  responses: { 200: searchResult },
  errors: [
    'MODEL_EMPTY',
    'VECTOR_COLUMN_MISSING',
    'EMBEDDING_DIMENSION_MISMATCH',
    'PROVIDER_REPLY_INVALID',
    'RATE_LIMITED',
    ...embeddingErrors,
  ],
  example: { query: 'How do I change the embedding model?', top_k: 3 },
})
