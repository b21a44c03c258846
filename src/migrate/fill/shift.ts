import type { RevectorError } from '../../core/errors.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { Clock } from '../../hosted/clock.ts'
import type { BuildLimits } from '../../schema/build-memory.ts'
import type { Deps } from '../../store/deps.ts'
import type { MigrationId } from '../../wire/migration.ts'
import type { VerifyDeps } from '../verify/gate.ts'
import type { Rests } from './rests.ts'
import type { Tally } from './tally.ts'
import type { Pace, Worker } from './worker.ts'

export interface WorkDeps extends VerifyDeps, Pick<Deps, 'buildLimits'> {
  readonly clock?: Clock
  readonly pace?: Pace
}

export interface WorkRequest {
  /** Only this migration. Default: every open migration, the oldest first, and pending chunks. */
  readonly migrationId?: MigrationId
  /** Ends when nothing is left to do; otherwise it waits for more until it is told to stop. */
  readonly once?: boolean
  /** Batches in flight at once. Default: what the model allows, and one that is being stored. */
  readonly concurrency?: number
  /** What the build of an HNSW index may take, where it differs from the configuration. */
  readonly build?: BuildLimits
  /** In-flight batches finish, then the worker ends. */
  readonly signal?: AbortSignal
  /** Ends at once; in-flight batches are released. */
  readonly abort?: AbortSignal
  readonly onProgress?: OnProgress
  /** Called with the provider's failures, which a worker survives. */
  readonly onFailure?: (error: RevectorError) => void
}

/** One worker from its start to its end: the context of every turn. */
export interface Shift {
  readonly deps: WorkDeps
  readonly request: WorkRequest
  readonly worker: Worker
  readonly pace: Pace
  readonly clock: Clock
  /** Ends everything at once; in-flight batches are released. */
  readonly signal: AbortSignal
  /** Starts nothing new; in-flight batches finish. */
  readonly stop: AbortSignal
  /** Either of the two. */
  readonly ending: AbortSignal
  readonly tally: Tally
  readonly rests: Rests
}

/** Whether a worker found something to do: yes, no, or something for another worker or a later turn. */
export type Turn = 'worked' | 'idle' | 'others'
