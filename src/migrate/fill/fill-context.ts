import type { RevectorError } from '../../core/errors.ts'
import type { Migration } from '../../core/migration.ts'
import type { Model } from '../../core/model.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { Clock } from '../../hosted/clock.ts'
import type { Database } from '../../postgres/database.ts'
import type { Layout } from '../../schema/layout.ts'
import type { Tally } from './tally.ts'
import type { Pace, Worker } from './worker.ts'

/** What one worker needs to fill one target. */
export interface FillContext {
  readonly db: Database
  readonly layout: Layout
  readonly migration: Migration
  readonly target: Model
  readonly opened: EmbeddingModel
  readonly worker: Worker
  readonly pace: Pace
  readonly clock: Clock
  /** Ends everything at once; what is in hand is given back. */
  readonly signal: AbortSignal
  /** Nothing more is begun; what is in hand is finished. */
  readonly stop: AbortSignal
  /** Calls of the provider under way at once; absent: what the model allows. */
  readonly concurrency: number | undefined
  readonly onProgress: OnProgress | undefined
  readonly tally: Tally
  /** Told of the provider's failures. */
  readonly onFailure: (error: RevectorError) => void
}
