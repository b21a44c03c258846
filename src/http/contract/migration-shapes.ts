import * as z from 'zod'
import { gateNames, migrationStates } from '../../core/migration.ts'
import { date, id, list, metadata, modelName } from './operation.ts'

export const scope = z
  .strictObject({
    documents: z.array(id).max(10_000).optional(),
    where: metadata.optional().describe('The document’s metadata contains this.'),
    sample: z.int().min(1).optional().describe('That many chunks, drawn by hash.'),
  })
  .describe('Which chunks to migrate; empty: all of them.')

const shownScope = z.object({
  documents: list(z.string()).optional(),
  where: metadata.optional(),
  sample: z.number().optional(),
})

const dollars = z.number().min(0).max(1e9)
const priced = {
  price_per_million_tokens: dollars.optional().describe('US dollars. Default: the catalogue’s.'),
  budget_usd: dollars.nullable().optional().describe('The migration pauses before it spends more.'),
}
export const limits = {
  ...priced,
  allowed_quarantined: z.int().min(0).optional(),
  rollback_window_seconds: z
    .int()
    .min(0)
    .optional()
    .describe('How long the source is kept in sync after the cut-over.'),
}
export const share = z.number().min(0).max(1)
export const planFields = {
  source_model: modelName.optional().describe('Default: the current model.'),
  target_model: modelName,
  scope: scope.optional(),
  ...priced,
}

const gate = z.strictObject({
  gate: z.enum(gateNames),
  passed: z.boolean(),
  overridden: z.boolean(),
  required: z.boolean(),
  expected: z.string(),
  measured: z.string(),
  data: z.record(z.string(), z.unknown()),
})

const migrationFields = {
  id: z.int(),
  state: z.enum(migrationStates),
  paused_from: z.enum(migrationStates).nullable(),
  source_model: z.string(),
  target_model: z.string(),
  scope: shownScope,
  embedded: z.int(),
  reused: z.int(),
  tokens: z.int(),
  cost_usd: z.number(),
  budget_usd: z.number().nullable(),
  price_per_million_tokens: z.number().nullable(),
  allowed_quarantined: z.int(),
  rollback_window_seconds: z.int(),
  created_by: z.string(),
  created_at: date,
  started_at: date.nullable(),
  filled_at: date.nullable(),
  cut_over_at: date.nullable(),
  finished_at: date.nullable(),
  error: z
    .strictObject({ code: z.string(), message: z.string(), hint: z.string(), by: z.string(), at: date })
    .nullable()
    .describe('Why the migration is paused, or what failed last.'),
}

export const migration = z.strictObject(migrationFields).meta({ id: 'Migration' })

export const statusFields = {
  ...migrationFields,
  total_chunks: z.int(),
  done_chunks: z.int(),
  quarantined_chunks: z.int(),
  pending_chunks: z.strictObject({ source: z.int(), target: z.int() }),
  chunks_per_second: z.number(),
  eta_seconds: z.number().nullable(),
  cost_usd_estimate: z.number().nullable(),
  bytes_estimate: z.number().nullable(),
  rollback_window_until: date.nullable(),
  workers: list(
    z.strictObject({
      id: z.string(),
      host: z.string(),
      pid: z.int(),
      started_at: date,
      heartbeat_at: date,
      leases: z.int(),
      lease_until: date.nullable(),
      batches: z.int(),
      chunks: z.int(),
    }),
  ),
  verification: z.strictObject({ at: date, passed: z.boolean(), gates: list(gate) }).nullable(),
}

export const migrationStatus = z
  .strictObject(statusFields)
  .meta({ id: 'MigrationStatus', description: 'A migration with its progress.' })

export const migrationPlan = z
  .strictObject({
    id: z.null(),
    state: z.literal('planned'),
    source_model: z.string(),
    target_model: z.string(),
    scope: shownScope,
    corpus_chunks: z.int(),
    total_chunks: z.int(),
    done_chunks: z.int(),
    missing_chunks: z.int(),
    texts: z.int(),
    saved_by_identical_content: z.int(),
    tokens: z.number(),
    tokens_exact: z.boolean(),
    price_per_million_tokens: z.number().nullable(),
    price_from: z.enum(['request', 'catalogue']).nullable(),
    cost_usd_estimate: z.number().nullable(),
    budget_usd: z.number().nullable(),
    eta_seconds: z.number(),
    eta_from: z.string(),
    bytes_estimate: z.number(),
    vector_bytes: z.number(),
    index_bytes: z.number(),
    probe: z.strictObject({
      texts: z.int(),
      tokens: z.int(),
      seconds: z.number(),
      seconds_per_request: z.number(),
      seconds_per_text: z.number(),
    }),
    limits: z.strictObject({
      requests_per_minute: z.number().nullable(),
      tokens_per_minute: z.number().nullable(),
      concurrency: z.int(),
      batch_items: z.int(),
    }),
    retirement: z.string().nullable(),
    warnings: list(z.string()),
  })
  .meta({ id: 'MigrationPlan', description: 'What a migration would embed, cost and take.' })

export const migrationEvent = z
  .strictObject({
    id: z.int(),
    migration_id: z.int().nullable(),
    at: date,
    actor: z.string(),
    type: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'MigrationEvent' })
