import type { RevectorError } from '../../core/errors.ts'
import type { MigrationId } from '../../core/migration.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { Clock } from '../../hosted/clock.ts'
import type { Deps } from '../../store/deps.ts'
import type { VerifyDeps } from '../verify/gate.ts'
import type { Rests } from './rests.ts'
import type { Tally } from './tally.ts'
import type { Pace, Worker } from './worker.ts'

export interface WorkDeps extends VerifyDeps, Pick<Deps, 'buildHelpers'> {
  readonly clock?: Clock
  readonly pace?: Pace
}

export interface WorkRequest {
  /** Only this one; absent: every open migration, the oldest first, and what is pending. */
  readonly migrationId?: MigrationId
  /** Ends when there is nothing more to do; otherwise it waits for more until it is told to stop. */
  readonly once?: boolean
  /** Batches under way at once. Default: what the model allows, and one that is being stored. */
  readonly concurrency?: number
  /** In-flight batches finish, then the worker ends. */
  readonly signal?: AbortSignal
  /** Ends at once; in-flight batches are given back. */
  readonly abort?: AbortSignal
  readonly onProgress?: OnProgress
  /** Told of the provider's failures, which a worker survives. */
  readonly onFailure?: (error: RevectorError) => void
}

/** One worker from its start to its end: what every turn is given. */
export interface Shift {
  readonly deps: WorkDeps
  readonly request: WorkRequest
  readonly worker: Worker
  readonly pace: Pace
  readonly clock: Clock
  /** Ends everything at once; in-flight batches are given back. */
  readonly signal: AbortSignal
  /** Nothing more is begun; in-flight batches finish. */
  readonly stop: AbortSignal
  /** Either of the two. */
  readonly ending: AbortSignal
  readonly tally: Tally
  readonly rests: Rests
}

/** What a worker found to do: something, nothing, or something that another worker or a later turn has to see to. */
export type Turn = 'worked' | 'idle' | 'others'
