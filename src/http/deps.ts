import type { ServeOptions } from '../config/serve-options.ts'
import type { Revector } from '../library/revector.ts'
import type { Log } from '../logs/log.ts'
import type { Redactor } from '../logs/redact.ts'
import type { Places } from './concurrency.ts'
import type { Metrics } from './metrics.ts'

/** What routes and hooks work with; each takes the part of it that it needs. */
export interface HttpDeps {
  readonly revector: Revector
  readonly options: ServeOptions
  readonly log: Log
  /** Takes secrets out of whatever is said. */
  readonly redactor: Redactor
  readonly version: string
  /** What answers questions; null: answers are extractive. */
  readonly languageModel: string | null
  /** Whether this process works on migrations. */
  readonly workerRunning: () => boolean
  readonly metrics: Metrics
  /** Of all event streams. */
  readonly streams: Places
}
