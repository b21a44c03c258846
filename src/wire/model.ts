import * as z from 'zod'
import { modelStates, providerNames } from '../core/model.ts'
import type { Of } from './codec.ts'
import { id, list } from './field.ts'

/** Operators of pgvector: `<=>`, `<#>`, `<->`. Belongs to the model; the operator class follows it. */
export const distance = z.enum(['cosine', 'inner_product', 'l2'])
export type Distance = Of<typeof distance>

/**
 * One vector space: what must be equal for two vectors to be comparable. The endpoint's URL is not part of it.
 * Stored as a row of `embedding_models`.
 */
export const modelSpec = z.strictObject({
  modelName: z.string().describe('Unique in this database; the name that users type.'),
  dimension: z.int().describe('Dimension of its vectors, 1 to 16,000.'),
  provider: z.enum(providerNames),
  remoteName: z.string().describe('The name at the provider, if it differs.'),
  revision: z.string().describe('A provider’s revision or snapshot of the model; empty if it has none.'),
  pooling: z
    .string()
    .describe(
      'How token vectors are combined, if Revector does it: `mean`, `cls`; empty: the provider decides.',
    ),
  normalize: z
    .boolean()
    .describe('Whether vectors are scaled to length 1 before they are stored or compared.'),
  documentPrefix: z.string(),
  queryPrefix: z.string(),
  distance,
  baseUrl: z
    .string()
    .nullable()
    .describe('Endpoint of an OpenAI-compatible server or a proxy; null: the provider’s own.'),
})
export type ModelSpec = Of<typeof modelSpec>

/** How hard a search of the model's HNSW index looks, and what that was measured to find. */
export const effort = z
  .strictObject({
    efSearch: z.int().min(1).max(1_000).describe('Candidates that a search keeps in view: `hnsw.ef_search`.'),
    filterSurplus: z
      .int()
      .nullable()
      .describe(
        'Matching chunks that a filtered search takes from the index beyond those asked for; null: not measured, the default.',
      ),
    wanted: z.number().describe('The recall that was asked for.'),
    recall: z.number().describe('Share of the exact ten nearest that it found.'),
    interval: list(z.number()).describe('The 95 % interval of the recall: low, high.'),
    filteredRecall: z
      .number()
      .nullable()
      .describe('The same behind a filter that leaves a tenth of the documents; null: not measured.'),
    queries: z.int().describe('Chunks that stood in for queries.'),
    vectors: z.int().describe('Vectors of the model when it was measured.'),
    measuredAt: z.string().describe('ISO 8601.'),
  })
  .describe('The least search effort that reaches the recall asked for.')
export type Effort = Of<typeof effort>

const storedEffort = effort
  .nullable()
  .describe('As measured; null: never measured (searches use the default), or too small for it.')

/** A registered model: its space, with its identity and state. */
export const model = z.strictObject({
  ...modelSpec.shape,
  id: z.int().describe('`embedding_models.id`, and the partition key of `chunk_embeddings`.'),
  state: z.enum(modelStates),
  effort: storedEffort,
  createdAt: z.date(),
})
export type Model = Of<typeof model>

const { modelName, dimension, provider } = modelSpec.shape

/** The state of a model. */
export const modelStatus = z
  .strictObject({
    id: z.int(),
    modelName,
    dimension,
    provider,
    state: z.enum(modelStates),
    current: z.boolean().describe('Default model for searches.'),
    embeddings: z.int().describe('Number of its vectors, as old as the count of chunks.'),
    coverage: z
      .number()
      .min(0)
      .max(1)
      .describe('Chunks that have a vector / chunks; 1 if there are no chunks.'),
    index: z
      .strictObject({ name: z.string(), valid: z.boolean(), bytes: z.int() })
      .nullable()
      .describe('Its HNSW index; null if it has none.'),
    effort: storedEffort,
  })
  .meta({ id: 'Model' })
export type ModelStatus = Of<typeof modelStatus>

export const modelList = z.strictObject({ models: list(modelStatus) })

export const modelSpace = z
  .strictObject({ ...modelStatus.shape, ...model.shape })
  .meta({ id: 'ModelSpace', description: 'A model with the fields that define its vector space.' })
export type ModelSpace = Of<typeof modelSpace>

export const calibratedModel = z.strictObject({
  modelName,
  vectors: z.int(),
  reached: z.boolean().describe('Whether any effort finds as much as was asked for.'),
  effort: storedEffort.describe('What searches use from now on; null: they compare every vector.'),
})
export type CalibratedModel = Of<typeof calibratedModel>

export const removedModel = z.strictObject({ modelName, embeddings: z.int(), bytes: z.int() })
export type RemovedModel = Of<typeof removedModel>

/** A chunk of a sample, with its vector. */
export const sampledChunk = z.strictObject({
  chunkId: id,
  documentId: id,
  title: z.string(),
  position: z.int().nullable(),
})
