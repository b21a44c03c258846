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

/** Before the cut-over: at most one migration of a target is in one of these. */
export const openStates = [
  'planned',
  'filling',
  'indexing',
  'verifying',
  'ready',
  'paused',
] as const satisfies readonly MigrationState[]
export type OpenState = (typeof openStates)[number]

/** States that pausing leaves and resuming returns to. */
export type PausableState = Exclude<OpenState, 'paused'>

/** Opaque outside the store. */
export type MigrationId = string

/** Which chunks a migration moves; all given parts must hold. Empty: all of them. */
export interface MigrationScope {
  readonly documents?: readonly DocumentId[]
  /** The document's metadata contains this (jsonb `@>`). */
  readonly where?: Metadata
  /** That many chunks, drawn by hash: the same ones at every run. */
  readonly sample?: number
}

/** What a verification asks of the target; a threshold of null is measured and reported, not required. */
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
  /** Least share of the exact ten nearest that the HNSW index finds, 0 to 1. */
  readonly recall: number
  /** Greatest cosine distance between a stored vector and the same text embedded again. */
  readonly provider: number
  /** Least share of neighbours that source and target have in common, 0 to 1. */
  readonly overlap: number | null
  /** Least judged quality of the target as a share of the source's. */
  readonly quality: number | null
  /** Chunks that are drawn to measure recall, provider and overlap. */
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
  /** Its failure was accepted by the operator. */
  readonly overridden: boolean
  /** A failure stops the cut-over. */
  readonly required: boolean
  /** What was asked for and what was found, in words. */
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
  /** The migration pauses before it would spend more. Null: no limit. */
  readonly budgetUsd: number | null
  /** Null: the price is not known; money is counted as 0. */
  readonly pricePerMillionTokens: number | null
  /** So many quarantined chunks don't stand in the way of the cut-over. */
  readonly allowedQuarantined: number
  /** How long the source stays written after the cut-over before `retire` may drop it unforced. */
  readonly rollbackWindowSeconds: number
  readonly gates: GateThresholds
  /** Chunks a batch, which is one call of the provider. */
  readonly batchItems: number
}

/** Why a migration is paused, or what failed last. */
export interface MigrationReason {
  /** An error code, or OPERATOR when somebody asked for it. */
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
  /** Where resuming goes on; set exactly when paused. */
  readonly pausedFrom: PausableState | null
  /** Null when the model has been removed since. */
  readonly sourceModelId: number | null
  readonly targetModelId: number | null
  readonly sourceModel: string
  readonly targetModel: string
  readonly reason: MigrationReason | null
  readonly scope: MigrationScope
  readonly settings: MigrationSettings
  /** What was consented to. */
  readonly plan: Readonly<Record<string, unknown>> | null
  /** The chunks that were embedded first, to map the source's distances to the target's. */
  readonly calibration: readonly ChunkId[]
  /** The target had no vectors when it began: cancelling drops all it has. */
  readonly targetWasEmpty: boolean
  /** What cancelling gives the target back. */
  readonly targetState: ModelState
  /** Chunks in scope when they were last counted; null before that. */
  readonly totalChunks: number | null
  /** Vectors made by the provider. */
  readonly embedded: number
  /** Vectors taken from chunks of the same text. */
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
  /** Batches it holds at present, and when the first of these leases ends. */
  readonly leases: number
  readonly leaseUntil: Date | null
  readonly batches: number
  readonly chunks: number
}

/** A migration with its progress, counted in the database. */
export interface MigrationStatus extends Omit<Migration, 'totalChunks' | 'calibration'> {
  /** Chunks in scope that have text. */
  readonly totalChunks: number
  /** Of these, the ones that have a vector of the target. */
  readonly doneChunks: number
  readonly quarantinedChunks: number
  /** Chunks written since, which a model lacks and a worker will pay. */
  readonly pendingChunks: { readonly source: number; readonly target: number }
  /** Of the last minute. */
  readonly chunksPerSecond: number
  /** Null: nothing moves, or nothing is left. */
  readonly etaSeconds: number | null
  readonly costUsdEstimate: number | null
  readonly bytesEstimate: number | null
  readonly workers: readonly MigrationWorker[]
  /** Until when the source stays written; null before the cut-over. */
  readonly rollbackWindowUntil: Date | null
}

/** What each kind of event carries. */
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
  /** A verification, or a cut-over that went ahead; what had failed was accepted by `actor`. */
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
  /** After a cancel: the space of the target came back. */
  emptied: { readonly model: string; readonly bytes: number }
  worker_started: { readonly worker: string; readonly host: string; readonly pid: number }
  worker_ended: { readonly worker: string; readonly batches: number; readonly chunks: number }
  worker_lost: { readonly worker: string; readonly batches: number }
}
export type MigrationEventType = keyof MigrationEventData

/** A row of the audit, and an item of the event stream. */
export type MigrationEvent = {
  readonly [Type in MigrationEventType]: {
    /** Ascending in the order of commits of one migration: give the last one seen as `after` to go on. */
    readonly id: string
    readonly migrationId: MigrationId | null
    readonly at: Date
    /** Who did it: a user at a host, or a worker. */
    readonly actor: string
    readonly type: Type
    readonly data: MigrationEventData[Type]
  }
}[MigrationEventType]
