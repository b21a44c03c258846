import type { Model } from '../../core/model.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { Database } from '../../postgres/database.ts'
import type { Layout } from '../../schema/layout.ts'

export interface PlanDeps {
  readonly db: Database
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
  /** Default: now. */
  readonly today?: Date
}
