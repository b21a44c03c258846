import * as z from 'zod'
import type { Of } from './codec.ts'
import { id, list, metadata, modelName } from './field.ts'

/** States of a model migration. */
export const migrationStates = [
  'planned',
  'filling',
  'indexing',
  'verifying',
  'ready',
  'paused',
  'cut_over',
  'rolled_back',
  'retired',
  'cancelled',
] as const
export type MigrationState = (typeof migrationStates)[number]

/** Before the cut-over: a target has at most one migration in one of these. */
export const openStates = [
  'planned',
  'filling',
  'indexing',
  'verifying',
  'ready',
  'paused',
] as const satisfies readonly MigrationState[]

/** States in which a migration can be paused, and to which resuming returns. */
export type PausableState = Exclude<(typeof openStates)[number], 'paused'>
const pausableStates = openStates.filter((state): state is PausableState => state !== 'paused')

export type MigrationId = number

const dollars = z.number().min(0).max(1e9)

export const migrationScope = z
  .strictObject({
    documents: z.array(id).max(10_000).optional(),
    where: metadata.optional().describe('The document’s metadata contains this.'),
    sample: z
      .int()
      .min(1)
      .optional()
      .describe('That many chunks, drawn by hash: the same ones in every run.'),
  })
  .describe('Which chunks to migrate; all given conditions must hold. Empty: all chunks.')
export type MigrationScope = Of<typeof migrationScope>

const price = {
  pricePerMillionTokens: dollars
    .optional()
    .describe('US dollars. Default: the catalogue’s price of the target.'),
  budgetUsd: dollars
    .nullable()
    .optional()
    .describe('The migration pauses before it spends more. Default: no limit.'),
}

/** What may be changed while a migration is open. */
export const migrationLimits = z.strictObject({
  ...price,
  allowedQuarantined: z
    .int()
    .min(0)
    .optional()
    .describe('The cut-over is allowed with up to this many chunks that can’t be embedded. Default: 0.'),
  rollbackWindowSeconds: z
    .int()
    .min(0)
    .optional()
    .describe('How long the source is kept in sync after the cut-over. Default: 7 days.'),
})
export type MigrationLimits = Of<typeof migrationLimits>

/** Which chunks to migrate, to which model, and for how much. */
export const planRequest = z.strictObject({
  sourceModel: modelName.optional().describe('Default: the current model.'),
  targetModel: modelName,
  scope: migrationScope.optional(),
  ...price,
})

export const gateNames = [
  'coverage',
  'vectors',
  'index',
  'recall',
  'provider',
  'overlap',
  'quality',
  'scope',
] as const
export type GateName = (typeof gateNames)[number]

const share = z.number().min(0).max(1)

/** The thresholds of a verification; null: measured and reported, but not required. */
export const gateThresholds = z.strictObject({
  recall: share.describe(
    'Least share of the exact ten nearest that searches by the HNSW index must find; at least 200 chunks are asked with, if there are as many.',
  ),
  provider: z
    .number()
    .min(0)
    .max(2)
    .describe('Greatest cosine distance between a stored vector and the same text embedded again.'),
  overlap: share.nullable().describe('Least share of neighbours that source and target must share.'),
  quality: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .describe('Least judged quality of the target, as a share of the source’s.'),
  sample: z.int().min(1).max(10_000).describe('Chunks drawn to measure recall, provider and overlap.'),
})
export type GateThresholds = Of<typeof gateThresholds>

export const defaultGates: GateThresholds = {
  recall: 0.98,
  provider: 0.001,
  overlap: null,
  quality: null,
  sample: 100,
}

export const startRequest = z.strictObject({
  ...planRequest.shape,
  ...migrationLimits.shape,
  gates: gateThresholds.partial().optional(),
})

export const migrationReason = z.strictObject({
  code: z.string().describe('An error code, or OPERATOR if an operator paused it.'),
  message: z.string(),
  hint: z.string(),
  by: z.enum(['operator', 'provider', 'budget', 'gate', 'fault']),
  at: z.date(),
})
export type MigrationReason = Of<typeof migrationReason>

const gateResult = z.strictObject({
  gate: z.enum(gateNames),
  passed: z.boolean(),
  overridden: z.boolean().describe('The operator accepted the failure.'),
  required: z.boolean().describe('A failure prevents the cut-over.'),
  expected: z.string(),
  measured: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type GateResult = Of<typeof gateResult>

export const verification = z.strictObject({
  at: z.date(),
  passed: z.boolean().describe('Every required gate passed or was overridden.'),
  gates: list(gateResult),
})
export type Verification = Of<typeof verification>

export const migration = z
  .strictObject({
    id: z.int(),
    state: z.enum(migrationStates),
    pausedFrom: z
      .enum(pausableStates)
      .nullable()
      .describe('The state in which it was paused; set exactly while it is paused.'),
    sourceModel: z.string(),
    targetModel: z.string(),
    targetWasEmpty: z
      .boolean()
      .describe(
        'Whether the target had no vectors when the migration started: cancelling then drops all of them.',
      ),
    scope: migrationScope,
    embedded: z.int().describe('Vectors made by the provider.'),
    reused: z.int().describe('Vectors copied from chunks with the same text.'),
    tokens: z.int(),
    costUsd: z.number(),
    budgetUsd: z.number().nullable().describe('The migration pauses before it spends more. Null: no limit.'),
    pricePerMillionTokens: z
      .number()
      .nullable()
      .describe('Null: the price is unknown; cost is counted as 0.'),
    allowedQuarantined: z.int().describe('The cut-over is allowed with up to this many quarantined chunks.'),
    rollbackWindowSeconds: z
      .int()
      .describe('How long the source is kept in sync after the cut-over; until then `retire` needs `force`.'),
    createdBy: z.string(),
    createdAt: z.date(),
    startedAt: z.date().nullable(),
    filledAt: z.date().nullable(),
    cutOverAt: z.date().nullable(),
    finishedAt: z.date().nullable().describe('When it was retired, rolled back or cancelled.'),
    error: migrationReason.nullable().describe('Why the migration is paused, or what failed last.'),
  })
  .meta({ id: 'Migration' })
export type Migration = Of<typeof migration>

const migrationWorker = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  startedAt: z.date(),
  heartbeatAt: z.date(),
  leases: z.int().describe('Batches that it holds now.'),
  leaseUntil: z.date().nullable().describe('When the first of these leases expires.'),
  batches: z.int(),
  chunks: z.int(),
})
export type MigrationWorker = Of<typeof migrationWorker>

export const migrationStatus = z
  .strictObject({
    ...migration.shape,
    totalChunks: z.int().describe('Chunks in scope that have text.'),
    doneChunks: z
      .int()
      .describe(
        'Chunks in scope that have a vector of the target. Beyond 20,000, the count may be some seconds old.',
      ),
    quarantinedChunks: z.int(),
    pendingChunks: z
      .strictObject({ source: z.int(), target: z.int() })
      .describe('Chunks that are pending for a model.'),
    chunksPerSecond: z.number().describe('In the last minute.'),
    etaSeconds: z.number().nullable().describe('Null: the migration is not moving, or nothing is left.'),
    costUsdEstimate: z.number().nullable(),
    bytesEstimate: z.number().nullable(),
    rollbackWindowUntil: z
      .date()
      .nullable()
      .describe('Until when the source is kept in sync; null before the cut-over.'),
    workers: list(migrationWorker),
    verification: verification.nullable(),
  })
  .meta({ id: 'MigrationStatus', description: 'A migration with its progress, counted in the database.' })
export type MigrationStatus = Of<typeof migrationStatus>

/** A chunk that a model can't embed. */
export const quarantinedChunk = z.strictObject({
  chunkId: z.string(),
  code: z.string(),
  reason: z.string(),
  attempts: z.int().describe('How often it was tried.'),
  createdAt: z.date(),
})
export type QuarantinedChunk = Of<typeof quarantinedChunk>

export const workReport = z.strictObject({
  workerId: z.string(),
  batches: z.int(),
  embedded: z.int().describe('Vectors that a provider made for migrations.'),
  reused: z.int().describe('Vectors copied from chunks with the same text.'),
  quarantined: z.int(),
  pending: z.int().describe('Chunks that were pending for a written model and no longer are.'),
  tokens: z.int(),
})
export type WorkReport = Of<typeof workReport>
