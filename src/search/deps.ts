import type { Model } from '../core/model.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Database } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import type { NearestTuning } from '../store/nearest-tuning.ts'
import type { SearchMemory } from './memory.ts'

/** What searching needs. */
export interface SearchDeps {
  readonly db: Pick<Database, 'query' | 'transaction'>
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
  /** What this process remembers between searches. Absent: every search reads the registry and counts anew. */
  readonly memory?: SearchMemory
  /** By model name, for searches of several models at once; 1 where not given. */
  readonly fusionWeights?: Readonly<Record<string, number>>
  readonly tuning?: NearestTuning
}
