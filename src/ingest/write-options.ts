import type { OnProgress } from '../core/progress.ts'
import type { Model } from '../wire/model.ts'

export interface WriteOptions {
  readonly modelName?: string
  /**
   * Models whose provider has already failed in this run: their chunks become pending without another request.
   */
  readonly failing: Set<number>
  /** Called before rows are stored, with the number of vectors a model is about to get. */
  readonly beforeStoring?: (model: Model, rows: number) => Promise<void>
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}
