import type { GateName, GateThresholds, MigrationScope } from '../../core/migration.ts'
import type { Deps, EmbedDeps } from '../../store/deps.ts'
import type { Model } from '../../wire/model.ts'

/** What a judge of answers found. The measure is its own; the target's is compared with the source's. */
interface JudgedQuality {
  readonly source: number
  readonly target: number
  /** What was measured, e.g. `nDCG@10 of 120 queries`. */
  readonly measure: string
}

/** Compares two models on judged queries; null when there are none. */
export type JudgeQuality = (request: {
  readonly source: Model
  readonly target: Model
  readonly signal?: AbortSignal
}) => Promise<JudgedQuality | null>

export interface VerifyDeps extends EmbedDeps, Pick<Deps, 'tuning'> {
  /** Absent: quality is not judged. */
  readonly judgeQuality?: JudgeQuality
}

export interface VerifyRequest {
  /** Null when it has been removed. */
  readonly source: Model | null
  readonly target: Model
  readonly scope: MigrationScope
  readonly allowedQuarantined: number
  readonly thresholds: GateThresholds
  /** Gates whose failure the operator accepts. */
  readonly override?: readonly GateName[]
  readonly signal?: AbortSignal
}

/** What a gate found; how it is named and overridden is not its business. */
export interface Measured {
  readonly passed: boolean
  readonly required?: boolean
  readonly expected: string
  readonly measured: string
  readonly data: Readonly<Record<string, unknown>>
}
