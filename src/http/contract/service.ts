import * as z from 'zod'
import { databaseStatus } from '../../wire/database.ts'
import { doctorReport } from '../../wire/doctor.ts'
import { flag, operation } from './operation.ts'

const tag = 'service'

const worker = z.strictObject({ running: z.boolean().describe('This process runs a worker for migrations.') })

export const status = z
  .strictObject({
    ...databaseStatus.shape,
    version: z.string().describe('Of this service.'),
    languageModel: z.string().nullable().describe('The language model; null: answers are extractive.'),
    worker,
  })
  .meta({ id: 'Status' })

export const getStatus = operation('getStatus', 'GET /api/v1/status', {
  tag,
  summary: 'The database, its models, and this service',
  scope: 'read',
  responses: { 200: status },
})

export const doctor = operation('doctor', 'GET /api/v1/doctor', {
  tag,
  summary: 'Problems that make searches wrong, incomplete or slow, now or soon',
  scope: 'admin',
  query: z.strictObject({
    probe: flag
      .default(false)
      .describe('Also embed a few fixed texts with the providers, some hundred tokens per model.'),
  }),
  responses: { 200: doctorReport },
})

export const healthz = operation('healthz', 'GET /healthz', {
  tag,
  summary: 'Whether the process is alive',
  scope: null,
  responses: { 200: z.strictObject({ status: z.literal('ok') }) },
})

export const readyz = operation('readyz', 'GET /readyz', {
  tag,
  summary: 'Whether requests can be answered',
  description: 'Not while the schema is behind, the database cannot be reached, or the service is stopping.',
  scope: null,
  responses: {
    200: z.strictObject({
      status: z.literal('ready'),
      readOnly: z.boolean().describe('The database takes no writes: searches are answered, changes are not.'),
    }),
  },
  errors: ['SCHEMA_BEHIND', 'SCHEMA_NEWER', 'DATABASE_UNREACHABLE', 'STOPPING', 'INTERNAL'],
})

export const metrics = operation('metrics', 'GET /metrics', {
  tag,
  summary: 'Metrics for Prometheus',
  scope: 'read',
  responses: { 200: z.string() },
  produces: 'text/plain',
})
