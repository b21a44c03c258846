import * as z from 'zod'
import { model } from './models.ts'
import { flag, list, operation } from './operation.ts'

const tag = 'service'

const worker = z.strictObject({
  running: z.boolean().describe('This process works on migrations.'),
})

export const status = z
  .strictObject({
    engine: z.enum(['embedded', 'server']),
    server_version: z.string(),
    pgvector_version: z.string(),
    revision: z.int(),
    latest_revision: z.int(),
    legacy: z
      .strictObject({
        table: z.string(),
        column: z.string(),
        dimension: z.int().nullable(),
        rows: z.int(),
      })
      .nullable()
      .describe('A fixed-dimension table that could be adopted.'),
    dimensions: list(z.int()),
    models: list(model),
    documents: z.int(),
    chunks: z.int(),
    version: z.string().describe('Of this service.'),
    language_model: z.string().nullable().describe('What answers questions; null: answers are extractive.'),
    worker,
  })
  .meta({ id: 'Status' })

export const getStatus = operation({
  id: 'getStatus',
  method: 'GET',
  path: '/api/v1/status',
  tag,
  summary: 'The database, its models, and this service',
  scope: 'read',
  responses: { 200: status },
  errors: [],
})

const result = z.enum(['ok', 'warn', 'fail'])

export const doctor = operation({
  id: 'doctor',
  method: 'GET',
  path: '/api/v1/doctor',
  tag,
  summary: 'What makes searches wrong, incomplete or slow, and what will',
  scope: 'admin',
  query: z.strictObject({
    probe: flag
      .default(false)
      .describe('Also ask providers for the vectors of a few fixed texts, some hundred tokens a model.'),
  }),
  responses: {
    200: z
      .strictObject({
        result,
        checks: list(
          z.strictObject({
            check: z.string(),
            model: z.string().nullable(),
            result,
            sentence: z.string(),
            hint: z.string(),
            data: z.record(z.string(), z.unknown()),
          }),
        ),
      })
      .meta({ id: 'Doctor' }),
  },
  errors: [],
})

export const healthz = operation({
  id: 'healthz',
  method: 'GET',
  path: '/healthz',
  tag,
  summary: 'Whether the process is alive',
  scope: null,
  responses: { 200: z.strictObject({ status: z.literal('ok') }) },
  errors: [],
})

export const readyz = operation({
  id: 'readyz',
  method: 'GET',
  path: '/readyz',
  tag,
  summary: 'Whether requests can be answered',
  description: 'Not while the schema is behind, the database cannot be reached, or the service is stopping.',
  scope: null,
  responses: { 200: z.strictObject({ status: z.literal('ready') }) },
  errors: ['SCHEMA_BEHIND', 'SCHEMA_NEWER', 'DATABASE_UNREACHABLE', 'STOPPING', 'INTERNAL'],
})

export const metrics = operation({
  id: 'metrics',
  method: 'GET',
  path: '/metrics',
  tag,
  summary: 'Figures for Prometheus',
  scope: 'read',
  responses: { 200: z.string() },
  produces: 'text/plain',
  errors: [],
})
