import type { OnProgress } from '../core/progress.ts'
import type { Model } from '../wire/model.ts'

export interface WriteOptions {
  readonly modelName?: string
  /** Models whose provider has failed in this run already: they are pending, not asked again. */
  readonly failing: Set<number>
  /** Told before rows are stored: how many vectors a model is about to get. */
  readonly beforeStoring?: (model: Model, rows: number) => Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}
