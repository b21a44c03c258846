import type { ChunkId, DocumentId, Metadata } from './document.ts'
import type { ModelState } from './model.ts'

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
export type OpenState = (typeof openStates)[number]

/** States in which a migration can be paused, and to which resuming returns. */
export type PausableState = Exclude<OpenState, 'paused'>

/** Opaque outside the store. */
export type MigrationId = string

/** Which chunks a migration covers; all given conditions must hold. Empty: all of them. */
export interface MigrationScope {
  readonly documents?: readonly DocumentId[]
  /** The document's metadata contains this (jsonb `@>`). */
  readonly where?: Metadata
  /** That many chunks, drawn by hash: the same ones in every run. */
  readonly sample?: number
}

/** The thresholds of a verification; null: measured and reported, but not required. */
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

export interface GateThresholds {
  /** Least share of the exact ten nearest that the HNSW index must find, 0 to 1. */
  readonly recall: number
  /** Greatest cosine distance between a stored vector and the same text embedded again. */
  readonly provider: number
  /** Least share of neighbours that source and target must share, 0 to 1. */
  readonly overlap: number | null
  /** Least judged quality of the target, as a share of the source's. */
  readonly quality: number | null
  /** Chunks drawn to measure recall, provider and overlap. */
  readonly sample: number
}

export const defaultGates: GateThresholds = {
  recall: 0.95,
  provider: 0.001,
  overlap: null,
  quality: null,
  sample: 100,
}

export interface GateResult {
  readonly gate: GateName
  readonly passed: boolean
  /** The operator accepted the failure. */
  readonly overridden: boolean
  /** A failure prevents the cut-over. */
  readonly required: boolean
  /** What was expected and what was measured, in words. */
  readonly expected: string
  readonly measured: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Verification {
  readonly at: Date
  /** Every required gate passed or was overridden. */
  readonly passed: boolean
  readonly gates: readonly GateResult[]
}

export interface MigrationSettings {
  /** The migration pauses before it spends more. Null: no limit. */
  readonly budgetUsd: number | null
  /** Null: the price is unknown; cost is counted as 0. */
  readonly pricePerMillionTokens: number | null
  /** The cut-over is allowed with up to this many quarantined chunks. */
  readonly allowedQuarantined: number
  /** How long the source is kept in sync after the cut-over; until then `retire` needs `force`. */
  readonly rollbackWindowSeconds: number
  readonly gates: GateThresholds
  /** Chunks per batch, which is one call of the provider. */
  readonly batchItems: number
}

/** Why a migration is paused, or what failed last. */
export interface MigrationReason {
  /** An error code, or OPERATOR if an operator paused it. */
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly by: 'operator' | 'provider' | 'budget' | 'gate' | 'fault'
  readonly at: Date
}

/** A migration as it is stored. */
export interface Migration {
  readonly id: MigrationId
  readonly state: MigrationState
  /** The state in which it was paused; set exactly while it is paused. */
  readonly pausedFrom: PausableState | null
  /** Null if the model has been removed since. */
  readonly sourceModelId: number | null
  readonly targetModelId: number | null
  readonly sourceModel: string
  readonly targetModel: string
  readonly reason: MigrationReason | null
  readonly scope: MigrationScope
  readonly settings: MigrationSettings
  /** The plan that was confirmed. */
  readonly plan: Readonly<Record<string, unknown>> | null
  /** The chunks that were embedded first, to relate the source's distances to the target's. */
  readonly calibration: readonly ChunkId[]
  /** Whether the target had no vectors when the migration started: cancelling then drops all of them. */
  readonly targetWasEmpty: boolean
  /** The state that cancelling restores. */
  readonly targetState: ModelState
  /** Chunks in scope when they were last counted; null before that. */
  readonly totalChunks: number | null
  /** Vectors made by the provider. */
  readonly embedded: number
  /** Vectors copied from chunks with the same text. */
  readonly reused: number
  readonly tokens: number
  readonly costUsd: number
  readonly verification: Verification | null
  readonly createdBy: string
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly filledAt: Date | null
  readonly cutOverAt: Date | null
  /** When it was retired, rolled back or cancelled. */
  readonly finishedAt: Date | null
  readonly updatedAt: Date
}

export interface MigrationWorker {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly startedAt: Date
  readonly heartbeatAt: Date
  /** Batches it holds now, and when the first of these leases expires. */
  readonly leases: number
  readonly leaseUntil: Date | null
  readonly batches: number
  readonly chunks: number
}

/** A migration with its progress, counted in the database. */
export interface MigrationStatus extends Omit<Migration, 'totalChunks' | 'calibration'> {
  /** Chunks in scope that have text. */
  readonly totalChunks: number
  /** Those that have a vector of the target. */
  readonly doneChunks: number
  readonly quarantinedChunks: number
  /** Chunks that are pending for a model. */
  readonly pendingChunks: { readonly source: number; readonly target: number }
  /** In the last minute. */
  readonly chunksPerSecond: number
  /** Null: the migration is not moving, or nothing is left. */
  readonly etaSeconds: number | null
  readonly costUsdEstimate: number | null
  readonly bytesEstimate: number | null
  readonly workers: readonly MigrationWorker[]
  /** Until when the source is kept in sync; null before the cut-over. */
  readonly rollbackWindowUntil: Date | null
}

/** The data of each type of event. */
export interface MigrationEventData {
  started: { readonly source: string; readonly target: string; readonly scope: MigrationScope }
  widened: { readonly scope: MigrationScope; readonly before: MigrationScope }
  enqueued: { readonly batches: number; readonly chunks: number }
  batch: {
    readonly chunks: number
    readonly embedded: number
    readonly reused: number
    readonly quarantined: number
    readonly tokens: number
    readonly costUsd: number
    readonly worker: string
  }
  quarantined: { readonly chunkId: ChunkId; readonly code: string; readonly reason: string }
  retried: { readonly chunks: number }
  paused: { readonly from: MigrationState; readonly reason: Omit<MigrationReason, 'at'> }
  resumed: Readonly<Record<string, never>>
  filled: Readonly<Record<string, never>>
  indexed: { readonly rows: number; readonly seconds: number }
  /** A verification, or a cut-over that went ahead; `actor` accepted what had failed. */
  passed: { readonly overridden: readonly GateName[] }
  failed: { readonly gates: readonly GateName[] }
  /** Chunks without a vector were found: back to filling. */
  gaps: { readonly missing: number; readonly found: 'verify' | 'cut-over' }
  /** No valid HNSW index was found: back to indexing. */
  unindexed: { readonly index: string | null }
  cut_over: { readonly from: string; readonly to: string; readonly overridden: readonly GateName[] }
  rolled_back: { readonly from: string; readonly to: string; readonly pending: number }
  retired: { readonly model: string; readonly bytes: number }
  cancelled: { readonly model: string; readonly dropped: boolean }
  /** After a cancel: the target's disk space was freed. */
  emptied: { readonly model: string; readonly bytes: number }
  worker_started: { readonly worker: string; readonly host: string; readonly pid: number }
  worker_ended: { readonly worker: string; readonly batches: number; readonly chunks: number }
  worker_lost: { readonly worker: string; readonly batches: number }
}
export type MigrationEventType = keyof MigrationEventData

/** A recorded event, and an item of the event stream. */
export type MigrationEvent = {
  readonly [Type in MigrationEventType]: {
    /** Ascending in the order of commits of one migration: pass the last one seen as `after` to continue. */
    readonly id: string
    readonly migrationId: MigrationId | null
    readonly at: Date
    /** The actor: a user at a host, or a worker. */
    readonly actor: string
    readonly type: Type
    readonly data: MigrationEventData[Type]
  }
}[MigrationEventType]
