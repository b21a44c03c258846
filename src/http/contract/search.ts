import * as z from 'zod'
import { date, id, list, metadata, modelName, operation } from './operation.ts'

export const query = z.string().min(1).max(20_000).describe('The question, up to 20,000 characters.')
export const topK = z.int().min(1).max(1_000).default(5).describe('How many hits.')
export const filter = z
  .strictObject({
    document_ids: z.array(id).max(10_000).optional(),
    title: z.string().min(1).max(1_000).optional().describe('Part of the title, in any case.'),
    metadata: metadata.optional().describe('The document’s metadata contains this.'),
    created_after: date.optional(),
    created_before: date.optional(),
  })
  .describe('What the search is narrowed to; all given parts must hold.')

const vector = z.array(z.number()).min(1).max(16_000)
export const serve = z.enum(['source', 'target', 'both'])
export const serving = z.strictObject({
  asked: serve,
  served: serve,
  migration_id: z.string().nullable(),
  sample_pairs: z.int().nullable(),
  reason: z.string().nullable(),
})

export const hit = z
  .strictObject({
    rank: z.int(),
    chunk_id: id,
    document_id: id,
    title: z.string(),
    content: z.string(),
    score: z.number().describe('Higher is better.'),
    distance: z.number().describe('What the database returned.'),
    models: z
      .record(z.string(), z.strictObject({ rank: z.int(), distance: z.number() }))
      .describe('By model: where it ranked the chunk.'),
    metadata,
    source: z.string().nullable(),
    heading_path: list(z.string()),
    page: z.int().nullable(),
    start_offset: z.int().nullable(),
    end_offset: z.int().nullable(),
  })
  .meta({ id: 'Hit' })

export const coverage = z
  .record(z.string(), z.number())
  .describe('By model: chunks it could find / chunks. Below 1 something may be missing.')

export const searchResult = z
  .strictObject({
    query: z.string(),
    models: list(z.string()),
    aggregation: z.enum(['union', 'intersection']).nullable(),
    coverage,
    serving: serving.optional(),
    hits: list(hit),
    took_ms: z.number(),
    explain: list(
      z.strictObject({
        model: z.string(),
        path: z.string().describe('How it searched: row by row, or along its HNSW index.'),
        index: z.string().nullable().describe('The index whose order was followed.'),
        ms: z.number(),
        plan: list(z.string()).describe('PostgreSQL’s own account, line by line.'),
      }),
    )
      .optional()
      .describe('Present when it was asked for.'),
  })
  .meta({ id: 'SearchResult' })

export const search = operation({
  id: 'search',
  method: 'POST',
  path: '/api/v1/search',
  tag: 'search',
  summary: 'Find passages',
  description:
    'In the current model, in a named one (`model`), in several (`models`), or while a migration fills (`serve`): at most ' +
    'one of the three.',
  scope: 'read',
  body: z.strictObject({
    query: query.optional().describe('May be left out where vectors are given.'),
    model: modelName.optional().describe('Default: the current model.'),
    models: z.array(modelName).min(1).max(20).optional().describe('Each searches its own space.'),
    aggregation: z
      .enum(['union', 'intersection'])
      .optional()
      .describe('With `models`: what any of them found (the default), or what all of them found.'),
    serve: serve
      .optional()
      .describe('While a migration fills: the source alone, the target as far as it is filled, or both.'),
    top_k: topK,
    min_score: z.number().optional().describe('Hits that score less are left out.'),
    filter: filter.optional(),
    vector: vector.optional().describe('The query’s vector in the model: nothing is embedded then.'),
    vectors: z.record(z.string(), vector).optional().describe('By model name, for several models.'),
    explain: z.boolean().default(false).describe('Also say how the database went about it.'),
  }),
  responses: { 200: searchResult },
  errors: [
    'MODEL_UNKNOWN',
    'MODEL_EMPTY',
    'VECTOR_COLUMN_MISSING',
    'EMBEDDING_DIMENSION_MISMATCH',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
    'PROVIDER_REPLY_INVALID',
    'RATE_LIMITED',
  ],
  example: { query: 'How do I change the embedding model?', top_k: 3 },
})
