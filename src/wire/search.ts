import * as z from 'zod'
import type { Of } from './codec.ts'
import { id, list, metadata } from './field.ts'

/**
 * A chunk that a search found. `distance` is what PostgreSQL returned; a higher `score` is better. Never mixed.
 */
export const hit = z
  .strictObject({
    rank: z.int().describe('From 1.'),
    chunkId: id,
    documentId: id,
    title: z.string(),
    content: z.string(),
    score: z
      .number()
      .describe(
        'Higher is better. Cosine: 1 − distance. Inner product: −distance. L2: 1 / (1 + distance). Fused lists: the ' +
          'score of the fusion.',
      ),
    distance: z
      .number()
      .describe('The distance that the database returned, in the space of the model that ranked it best.'),
    models: z
      .record(z.string(), z.strictObject({ rank: z.int(), distance: z.number() }))
      .describe(
        'By model: its rank and distance of the chunk. Distances of different spaces are never compared.',
      ),
    metadata: metadata.describe('The document’s.'),
    source: z.string().nullable(),
    headingPath: list(z.string()),
    page: z.int().nullable(),
    startOffset: z.int().nullable(),
    endOffset: z.int().nullable(),
    updatedAt: z
      .date()
      .nullable()
      .describe('When the document was last changed; null for rows of an adopted table that lack it.'),
  })
  .meta({ id: 'Hit' })
export type Hit = Of<typeof hit>

export const aggregation = z.enum(['union', 'intersection'], { error: 'expected union or intersection' })
export type Aggregation = Of<typeof aggregation>

/** Which models of an open migration to search: the current one, the target as far as it is filled, or both. */
export const serve = z.enum(['source', 'target', 'both'], { error: 'expected source, target or both' })
export type Serve = Of<typeof serve>

/** How a search with `serve` was answered. */
export const serving = z.strictObject({
  asked: serve,
  served: serve,
  migrationId: z.string().nullable().describe('Null: no migration from the current model was open.'),
  samplePairs: z
    .int()
    .nullable()
    .describe(
      'Chunks of the calibration sample that related the models’ scores; null if only one was searched.',
    ),
  reason: z
    .string()
    .nullable()
    .describe('Why another model was searched than requested; null if it was not.'),
})
export type Serving = Of<typeof serving>

export const coverage = z
  .record(z.string(), z.number())
  .describe('By model: chunks with a vector / chunks. Below 1 the search may miss chunks.')

/** The query plan of a search in one model's space. */
export const searchPlan = z.strictObject({
  model: z.string(),
  path: z.string().describe('How it searched: by exact comparison, or by its HNSW index.'),
  index: z.string().nullable().describe('The index that gave the order; null if none did.'),
  ms: z.number().describe('Execution time in the database.'),
  plan: list(z.string()).describe('PostgreSQL’s query plan, line by line.'),
})
export type SearchPlan = Of<typeof searchPlan>

export const searchResult = z
  .strictObject({
    query: z.string(),
    models: list(z.string()),
    aggregation: aggregation.nullable(),
    coverage,
    serving: serving.optional().describe('Present if the request had `serve`.'),
    hits: list(hit),
    tookMs: z.number(),
    explain: list(searchPlan).optional().describe('Present if requested.'),
  })
  .meta({ id: 'SearchResult' })
export type SearchResult = Of<typeof searchResult>

/** Some text, not only blanks. */
export const text = z.string().refine((value) => value.trim() !== '', 'expected some text')

export const searchFilter = z
  .strictObject({
    documentIds: z.array(z.string()).max(10_000).optional(),
    title: text.max(1_000).optional().describe('Part of the title, ignoring case.'),
    metadata: metadata.optional().describe('The document’s metadata contains this.'),
    createdAfter: z.date().optional().describe('Created then or later: ISO 8601, UTC.'),
    createdBefore: z.date().optional().describe('Created before: ISO 8601, UTC.'),
  })
  .describe('Limits the search; all given conditions must hold.')
export type SearchFilter = Of<typeof searchFilter>

const topKRange = 'expected a whole number from 1 to 1,000'
export const topK = z
  .int(topKRange)
  .min(1, topKRange)
  .max(1_000, topKRange)
  .default(5)
  .describe('Number of hits.')
export const minScore = z
  .number('expected a finite number')
  .optional()
  .describe('Hits with a lower score are left out.')
