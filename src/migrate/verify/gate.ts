import type { Deps, EmbedDeps } from '../../store/deps.ts'
import type { GateName, GateThresholds, MigrationScope } from '../../wire/migration.ts'
import type { Model } from '../../wire/model.ts'

/** The result of a judge. The measure is its own; the target's value is compared with the source's. */
interface JudgedQuality {
  readonly source: number
  readonly target: number
  /** What was measured, e.g. `nDCG@10 of 120 queries`. */
  readonly measure: string
}

/** Compares two models on judged queries; null if there are none. */
export type JudgeQuality = (request: {
  readonly source: Model
  readonly target: Model
  readonly signal?: AbortSignal
}) => Promise<JudgedQuality | null>

export interface VerifyDeps extends EmbedDeps, Pick<Deps, 'tuning'> {
  /** If not set, quality is not judged. */
  readonly judgeQuality?: JudgeQuality
}

export interface VerifyRequest {
  /** Null if the model has been removed. */
  readonly source: Model | null
  readonly target: Model
  readonly scope: MigrationScope
  readonly allowedQuarantined: number
  readonly thresholds: GateThresholds
  /** Gates whose failure the operator accepts. */
  readonly override?: readonly GateName[]
  readonly signal?: AbortSignal
}

/** The result of a gate, without its name and whether it was overridden. */
export interface Measured {
  readonly passed: boolean
  readonly required?: boolean
  readonly expected: string
  readonly measured: string
  readonly data: Readonly<Record<string, unknown>>
}
