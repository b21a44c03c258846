import * as z from 'zod'
import { gateNames, migrationStates } from '../../core/migration.ts'
import { date, flag, id, list, metadata, modelName, operation, page } from './operation.ts'

const tag = 'migrations'
const base = '/api/v1/migrations'

const scope = z
  .strictObject({
    documents: z.array(id).max(10_000).optional(),
    where: metadata.optional().describe('The document’s metadata contains this.'),
    sample: z.int().min(1).optional().describe('That many chunks, drawn by hash.'),
  })
  .describe('Which chunks are moved; empty: all of them.')

const shownScope = z.object({
  documents: list(z.string()).optional(),
  where: metadata.optional(),
  sample: z.number().optional(),
})

const dollars = z.number().min(0).max(1e9)
const priced = {
  price_per_million_tokens: dollars.optional().describe('US dollars. Default: the catalogue’s.'),
  budget_usd: dollars.nullable().optional().describe('It pauses before it would spend more.'),
}
const limits = {
  ...priced,
  allowed_quarantined: z.int().min(0).optional(),
  holdover_seconds: z
    .int()
    .min(0)
    .optional()
    .describe('How long the source stays written after the cut-over.'),
}
const share = z.number().min(0).max(1)
const planFields = {
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
  holdover_seconds: z.int(),
  created_by: z.string(),
  created_at: date,
  started_at: date.nullable(),
  filled_at: date.nullable(),
  cut_over_at: date.nullable(),
  finished_at: date.nullable(),
  error: z
    .strictObject({ code: z.string(), message: z.string(), hint: z.string(), by: z.string(), at: date })
    .nullable()
    .describe('Why it is paused, or what failed last.'),
}

export const migration = z.strictObject(migrationFields).meta({ id: 'Migration' })

const statusFields = {
  ...migrationFields,
  total_chunks: z.int(),
  done_chunks: z.int(),
  quarantined_chunks: z.int(),
  owed_chunks: z.strictObject({ source: z.int(), target: z.int() }),
  chunks_per_second: z.number(),
  eta_seconds: z.number().nullable(),
  cost_usd_estimate: z.number().nullable(),
  bytes_estimate: z.number().nullable(),
  holdover_until: date.nullable(),
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
  .meta({ id: 'MigrationPlan', description: 'What a migration would move, cost and take.' })

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

const numbered = z.strictObject({ id: z.string().regex(/^[1-9]\d{0,18}$/, 'expected a migration’s number') })
const reclaimed = z.strictObject({ ...statusFields, bytes: z.int().describe('Bytes that came back.') })

/** Something that is asked of one migration. */
const asked = {
  method: 'POST',
  tag,
  scope: 'admin',
  params: numbered,
  bodyOptional: true,
} as const
const override = z.array(z.enum(gateNames)).optional().describe('Gates whose failure is accepted.')

export const planMigration = operation({
  id: 'planMigration',
  method: 'POST',
  path: `${base}/plan`,
  tag,
  summary: 'What a migration would move, cost and take',
  description: 'Writes nothing. Asks the target for the vectors of a few chunks.',
  scope: 'admin',
  body: z.strictObject(planFields),
  responses: { 200: migrationPlan },
  errors: [
    'MODEL_UNKNOWN',
    'MODEL_RETIRED',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
  ],
  example: { target_model: 'lexical-hash-384' },
})

export const startMigration = operation({
  id: 'startMigration',
  method: 'POST',
  path: base,
  tag,
  summary: 'Start a migration',
  description:
    'From now on every write reaches the target too; workers embed the rest. Without `consent` nothing is started: the ' +
    'refusal carries the plan that would be consented to.',
  scope: 'admin',
  body: z.strictObject({
    ...planFields,
    ...limits,
    gates: z
      .strictObject({
        recall: share.optional(),
        provider: z.number().min(0).max(2).optional(),
        overlap: share.nullable().optional(),
        quality: z.number().min(0).max(100).nullable().optional(),
        sample: z.int().min(1).max(10_000).optional(),
      })
      .optional(),
    consent: z.boolean().default(false).describe('Yes, at this price.'),
  }),
  responses: { 201: migrationStatus },
  errors: [
    'CONSENT_MISSING',
    'MODEL_UNKNOWN',
    'MIGRATION_CONFLICT',
    'MODEL_RETIRED',
    'PROVIDER_UNAVAILABLE',
    'PROVIDER_REFUSED',
    'PROVIDER_KEY_MISSING',
  ],
  example: { target_model: 'lexical-hash-384', consent: true },
})

export const listMigrations = operation({
  id: 'listMigrations',
  method: 'GET',
  path: base,
  tag,
  summary: 'A page of migrations, newest first',
  scope: 'read',
  query: z.strictObject({
    ...page('migrations'),
    after: numbered.shape.id.optional().describe('The `next` of the page before.'),
  }),
  responses: { 200: z.strictObject({ migrations: list(migration), next: z.string().nullable() }) },
  errors: [],
})

export const getMigration = operation({
  id: 'getMigration',
  method: 'GET',
  path: `${base}/{id}`,
  tag,
  summary: 'How far a migration is',
  scope: 'read',
  params: numbered,
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN'],
})

export const migrationEvents = operation({
  id: 'migrationEvents',
  method: 'GET',
  path: `${base}/{id}/events`,
  tag,
  summary: 'What happened to a migration, and what happens',
  description:
    'A stream of events, each named by its type. Ends when the migration is open no more. `Last-Event-ID` goes on after ' +
    'an event that was seen, also at another server. Comments in between show that the line is alive.',
  scope: 'read',
  params: numbered,
  query: z.strictObject({
    follow: flag.default(true).describe('False: only what has happened so far.'),
    after: z
      .string()
      .regex(/^\d{1,19}$/)
      .optional()
      .describe('As `Last-Event-ID`, which wins.'),
  }),
  headers: z.looseObject({
    'last-event-id': z.string().max(100).optional().describe('Id of the last event seen.'),
  }),
  responses: {},
  events: { '*': migrationEvent },
  errors: ['MIGRATION_UNKNOWN'],
})

export const migrationQuarantine = operation({
  id: 'migrationQuarantine',
  method: 'GET',
  path: `${base}/{id}/quarantine`,
  tag,
  summary: 'Chunks that the target can’t embed, and why',
  scope: 'read',
  params: numbered,
  query: z.strictObject(page('chunks')),
  responses: {
    200: z.strictObject({
      chunks: list(
        z.strictObject({
          chunk_id: id,
          code: z.string(),
          reason: z.string(),
          attempts: z.int(),
          created_at: date,
        }),
      ),
      next: id.nullable(),
    }),
  },
  errors: ['MIGRATION_UNKNOWN'],
})

export const pauseMigration = operation({
  ...asked,
  id: 'pauseMigration',
  path: `${base}/{id}/pause`,
  summary: 'Pause a migration',
  body: z.strictObject({ reason: z.string().min(1).max(1_000).optional() }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const resumeMigration = operation({
  ...asked,
  id: 'resumeMigration',
  path: `${base}/{id}/resume`,
  summary: 'Go on where the pause began',
  body: z.strictObject(limits),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const cancelMigration = operation({
  ...asked,
  id: 'cancelMigration',
  path: `${base}/{id}/cancel`,
  summary: 'Give a migration up',
  description: 'Leaves the source untouched and gives the target’s space back.',
  body: z.strictObject({}),
  responses: { 200: reclaimed },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const retryMigration = operation({
  ...asked,
  id: 'retryMigration',
  path: `${base}/{id}/retry`,
  summary: 'Try quarantined chunks again',
  body: z.strictObject({}),
  responses: { 200: z.strictObject({ ...statusFields, chunks: z.int().describe('Chunks put back.') }) },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const verifyMigration = operation({
  ...asked,
  id: 'verifyMigration',
  path: `${base}/{id}/verify`,
  summary: 'Measure the gates',
  body: z.strictObject({ override }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE', 'GATE_FAILED', 'PROVIDER_UNAVAILABLE'],
})

export const cutOver = operation({
  ...asked,
  id: 'cutOver',
  path: `${base}/{id}/cutover`,
  summary: 'Make the target current',
  description: 'One short transaction. Searches use the target from the next one on.',
  body: z.strictObject({ override }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE', 'GATE_FAILED'],
})

export const rollBack = operation({
  ...asked,
  id: 'rollBack',
  path: `${base}/{id}/rollback`,
  summary: 'Make the source current again',
  description: 'One short transaction. What was written since the cut-over is in the source too.',
  body: z.strictObject({}),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const retire = operation({
  ...asked,
  id: 'retire',
  path: `${base}/{id}/retire`,
  summary: 'Drop the source’s vectors',
  body: z.strictObject({ force: z.boolean().optional().describe('Also before the holdover is over.') }),
  responses: { 200: reclaimed },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE', 'MODEL_IN_USE'],
})
