import type { FoundChunk } from '../store/nearest.ts'
import type { Model } from '../wire/model.ts'
import type { SearchFilter } from '../wire/search.ts'
import type { SearchAs } from '../wire/search-as.ts'

export interface SpaceRequest {
  /** Null: the current model. */
  readonly modelName: string | null
  readonly query: string
  /** Compared instead of the query's embedding, whichever model it is. */
  readonly queryVector?: Float32Array
  /** The same by model name: another may be current than was a moment ago. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  readonly k: number
  readonly filter?: SearchFilter
  readonly as?: SearchAs
  readonly signal?: AbortSignal
}

export interface SpaceResult {
  readonly model: Model
  /** The query in its space. */
  readonly vector: Float32Array
  readonly found: readonly FoundChunk[]
  /** Chunks with a vector / chunks, over what the search could see. */
  readonly coverage: number
}
