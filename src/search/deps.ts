import type { Deps, EmbedDeps } from '../store/deps.ts'
import type { SearchMemory } from './memory.ts'

/** What searching needs. */
export interface SearchDeps extends EmbedDeps, Pick<Deps, 'fusionWeights' | 'tuning'> {
  /** What this process remembers between searches. Absent: every search reads the registry and counts anew. */
  readonly memory?: SearchMemory
}
