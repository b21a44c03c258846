import * as z from 'zod'
import { id, list } from '../../wire/field.ts'
import {
  gateNames,
  gateThresholds,
  migration,
  migrationLimits,
  migrationStatus,
  planRequest,
  quarantinedChunk,
  startRequest,
} from '../../wire/migration.ts'
import { migrationEvent } from '../../wire/migration-event.ts'
import { migrationPlan } from '../../wire/migration-plan.ts'
import { embeddingErrors, flag, operation, page } from './operation.ts'

const tag = 'migrations'
const base = '/api/v1/migrations'

const migrationId = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'expected the number of a migration')
  .transform(Number)
const numbered = z.strictObject({ id: migrationId })
const reclaimed = z.strictObject({ ...migrationStatus.shape, bytes: z.int().describe('Bytes freed.') })

/** An action on one migration. */
const action = { tag, scope: 'admin', params: numbered, bodyOptional: true } as const
const override = z.array(z.enum(gateNames)).optional().describe('Gates whose failure is accepted.')

export const planMigration = operation('planMigration', `POST ${base}/plan`, {
  tag,
  summary: 'What a migration would embed, cost and take',
  description: 'Writes nothing. Embeds a few chunks with the target.',
  scope: 'admin',
  body: planRequest,
  responses: { 200: migrationPlan },
  errors: ['MODEL_RETIRED', ...embeddingErrors],
  example: { target_model: 'lexical-hash-384' },
})

export const startMigration = operation('startMigration', `POST ${base}`, {
  tag,
  summary: 'Start a migration',
  description:
    'From now on every write reaches the target too; workers embed the rest. Without `consent` nothing starts: the ' +
    'error contains the plan to confirm.',
  scope: 'admin',
  body: z.strictObject({
    ...startRequest.shape,
    consent: z.boolean().default(false).describe('Confirms the plan and its cost.'),
  }),
  responses: { 201: migrationStatus },
  errors: ['CONSENT_MISSING', 'MIGRATION_CONFLICT', 'MODEL_RETIRED', ...embeddingErrors],
  example: { target_model: 'lexical-hash-384', consent: true },
})

export const listMigrations = operation('listMigrations', `GET ${base}`, {
  tag,
  summary: 'A page of migrations, newest first',
  scope: 'read',
  query: z.strictObject({
    ...page('migrations'),
    after: migrationId.optional().describe('The `next` of the page before.'),
  }),
  responses: { 200: z.strictObject({ migrations: list(migration), next: z.string().nullable() }) },
})

export const getMigration = operation('getMigration', `GET ${base}/{id}`, {
  tag,
  summary: 'The progress of a migration',
  scope: 'read',
  params: numbered,
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN'],
})

export const migrationEvents = operation('migrationEvents', `GET ${base}/{id}/events`, {
  tag,
  summary: 'The events of a migration, past and new',
  description:
    'A stream of events, each named by its type. Ends when the migration is no longer open. `Last-Event-ID` continues after ' +
    'an event, also at another server. Comments in between keep the connection open.',
  scope: 'read',
  params: numbered,
  query: z.strictObject({
    follow: flag.default(true).describe('False: only past events.'),
    after: z
      .string()
      .regex(/^\d{1,19}$/)
      .optional()
      .describe('As `Last-Event-ID`, which takes precedence.'),
  }),
  headers: z.looseObject({
    'last-event-id': z.string().max(100).optional().describe('Id of the last event seen.'),
  }),
  responses: {},
  events: { '*': migrationEvent },
  errors: ['MIGRATION_UNKNOWN'],
})

export const migrationQuarantine = operation('migrationQuarantine', `GET ${base}/{id}/quarantine`, {
  tag,
  summary: 'Chunks that the target can’t embed, and why',
  scope: 'read',
  params: numbered,
  query: z.strictObject(page('chunks')),
  responses: { 200: z.strictObject({ chunks: list(quarantinedChunk), next: id.nullable() }) },
  errors: ['MIGRATION_UNKNOWN'],
})

export const pauseMigration = operation('pauseMigration', `POST ${base}/{id}/pause`, {
  ...action,
  summary: 'Pause a migration',
  body: z.strictObject({ reason: z.string().min(1).max(1_000).optional() }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const resumeMigration = operation('resumeMigration', `POST ${base}/{id}/resume`, {
  ...action,
  summary: 'Resume a migration',
  body: migrationLimits,
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const cancelMigration = operation('cancelMigration', `POST ${base}/{id}/cancel`, {
  ...action,
  summary: 'Cancel a migration',
  description: 'Does not affect the source; frees the disk space of the target.',
  body: z.strictObject({}),
  responses: { 200: reclaimed },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const retryMigration = operation('retryMigration', `POST ${base}/{id}/retry`, {
  ...action,
  summary: 'Retry quarantined chunks',
  body: z.strictObject({}),
  responses: {
    200: z.strictObject({ ...migrationStatus.shape, chunks: z.int().describe('Chunks queued again.') }),
  },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const verifyMigration = operation('verifyMigration', `POST ${base}/{id}/verify`, {
  ...action,
  summary: 'Measure the gates',
  description: 'Also finds the search effort of the target: the least that reaches the recall asked for.',
  body: z.strictObject({
    override,
    recall: gateThresholds.shape.recall.optional().describe('Ask for another recall from now on.'),
  }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const cutOver = operation('cutOver', `POST ${base}/{id}/cutover`, {
  ...action,
  summary: 'Make the target current',
  description: 'One short transaction. Searches use the target immediately.',
  body: z.strictObject({ override }),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE', 'GATE_FAILED'],
})

export const rollBack = operation('rollBack', `POST ${base}/{id}/rollback`, {
  ...action,
  summary: 'Make the source current again',
  description: 'One short transaction. The source also has everything written since the cut-over.',
  body: z.strictObject({}),
  responses: { 200: migrationStatus },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE'],
})

export const retire = operation('retire', `POST ${base}/{id}/retire`, {
  ...action,
  summary: 'Drop the source’s vectors',
  body: z.strictObject({ force: z.boolean().optional().describe('Even before the rollback window ends.') }),
  responses: { 200: reclaimed },
  errors: ['MIGRATION_UNKNOWN', 'MIGRATION_STATE', 'MODEL_IN_USE'],
})
