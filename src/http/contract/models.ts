import * as z from 'zod'
import { providerNames } from '../../core/model.ts'
import { list, modelName, name } from '../../wire/field.ts'
import { distance, modelList, modelSpace, removedModel, sampledChunk } from '../../wire/model.ts'
import { flag, operation } from './operation.ts'

const tag = 'models'
/** Part of URLs and of folders for models, so it must not lead out of a folder. */
const remoteName = /^(?!.*\.\.)[\w][\w.:@-]*(\/[\w][\w.:@-]*)*$/

export const listModels = operation('listModels', 'GET /api/v1/models', {
  tag,
  summary: 'Every registered model',
  scope: 'read',
  responses: { 200: modelList },
})

export const searchableModels = operation('searchableModels', 'GET /api/v1/models/search', {
  tag,
  summary: 'Models that can be searched now',
  description:
    'Those that have vectors; the current one first. A coverage below 1 means that searches may miss chunks.',
  scope: 'read',
  responses: { 200: modelList },
})

export const addModel = operation('addModel', 'POST /api/v1/models', {
  tag,
  summary: 'Register a model',
  description:
    'Creates its column, table and HNSW index. Registering the same space again changes nothing. What the catalogue knows about ' +
    'the model may be omitted. A `base_url` must be allowed by the operator (`serve.modelUrls`).',
  scope: 'admin',
  body: z.strictObject({
    modelName: name.describe('The name that searches use.'),
    dimension: z.int().min(1).max(16_000).optional(),
    provider: z.enum(providerNames).exclude(['custom']).optional(),
    remoteName: z
      .string()
      .max(300)
      .regex(remoteName, 'expected a name, which may contain slashes')
      .optional()
      .describe('The name at the provider, if it differs.'),
    revision: z.string().max(200).regex(remoteName, 'expected a name, which may contain slashes').optional(),
    pooling: z.enum(['mean', 'cls']).optional(),
    normalize: z.boolean().optional(),
    documentPrefix: z.string().max(2_000).optional(),
    queryPrefix: z.string().max(2_000).optional(),
    distance: distance.optional(),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
  }),
  responses: { 201: modelSpace },
  errors: ['MODEL_DIMENSION_CONFLICT', 'MODEL_SPACE_CONFLICT', 'MODEL_UNKNOWN'],
  example: { model_name: 'lexical-hash-384' },
})

export const useModel = operation('useModel', 'PUT /api/v1/models/current', {
  tag,
  summary: 'Make a model current',
  description: 'Becomes the default model for searches, immediately and in every running process.',
  scope: 'admin',
  body: z.strictObject({
    model: modelName,
    force: z.boolean().default(false).describe('Even if it has not embedded everything.'),
  }),
  responses: { 200: z.strictObject({ from: z.string().nullable(), to: z.string() }) },
  errors: ['MODEL_UNKNOWN', 'MODEL_EMPTY', 'MIGRATION_CONFLICT'],
  example: { model: 'universal-sentence-encoder-lite' },
})

export const removeModel = operation('removeModel', 'DELETE /api/v1/models/{model_name}', {
  tag,
  summary: 'Remove a model and its vectors',
  scope: 'admin',
  params: z.strictObject({ modelName }),
  query: z.strictObject({ force: flag.default(false).describe('Even while it is being filled.') }),
  responses: { 200: removedModel },
  errors: ['MODEL_UNKNOWN', 'MODEL_IN_USE'],
})

export const sampleVectors = operation('sampleVectors', 'GET /api/v1/models/{model_name}/sample', {
  tag,
  summary: 'Vectors of a sample of chunks',
  description:
    'The same chunks in every call and, if they have vectors, in every model: drawn by a hash of their ids. ' +
    '`vectors` is base64 of little-endian 32-bit floats, one chunk after the other.',
  scope: 'read',
  params: z.strictObject({ modelName }),
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(5_000).default(500).describe('Number of chunks.'),
  }),
  responses: {
    200: z.strictObject({
      modelName: z.string(),
      dimension: z.int(),
      chunks: list(sampledChunk),
      vectors: z.base64(),
    }),
  },
  errors: ['MODEL_UNKNOWN'],
})
