import type { CallOptions } from '../core/progress.ts'
import type { Aggregation, SearchFilter, SearchResult, Serve } from '../core/search.ts'
import type { SearchDeps } from '../search/deps.ts'
import { type ExplainRequest, explainSearch, type SearchPlan, searchExplained } from '../search/explain.ts'
import { search } from '../search/search.ts'
import { searchMultiModel } from '../search/search-multi-model.ts'
import { searchWhileFilling } from '../search/search-while-filling.ts'
import type { Runtime } from './runtime.ts'

export interface SearchRequest extends CallOptions {
  readonly query: string
  /** The query's vector in the model, where it is at hand: nothing is embedded then. */
  readonly queryVector?: Float32Array
  /** Absent: the current model. */
  readonly modelName?: string
  /**
   * While a migration fills its target, in place of `modelName`: the `source` alone (it is the current model and has
   * everything), the `target` alone as far as it is filled, or `both` in one list. Safe to leave on: where no
   * migration is open, or its target cannot be asked, the current model answers and `serving` says so.
   */
  readonly serve?: Serve
  /** With `serve`, by model name: vectors of the query that are at hand. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** 1 to 1,000; default 5. */
  readonly topK?: number
  /** Hits that score less are left out. */
  readonly minScore?: number
  readonly filter?: SearchFilter
  /** Also say how the database went about it: it is searched once more for that. */
  readonly explain?: boolean
}

/** Of a search that was to explain itself: how the database went about it in each model. */
export interface Explained {
  readonly explain?: readonly SearchPlan[]
}

export interface MultiModelSearchRequest
  extends Omit<SearchRequest, 'modelName' | 'queryVector' | 'queryVectors' | 'serve'> {
  readonly modelNames: readonly string[]
  /** By model name, where they are at hand. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** Default: union. */
  readonly aggregation?: Aggregation
}

/** `revector.retriever`. */
export interface Retriever {
  search(request: SearchRequest): Promise<SearchResult & Explained>
  searchMultiModel(request: MultiModelSearchRequest): Promise<SearchResult & Explained>
  /** How the database goes about a search in each of these models; gives no hits. */
  explain(request: ExplainRequest): Promise<readonly SearchPlan[]>
}

export function retrieverCalls({ opened }: Pick<Runtime, 'opened'>): Retriever {
  async function found(
    explain: boolean | undefined,
    request: Omit<ExplainRequest, 'modelNames'>,
    run: (deps: SearchDeps) => Promise<SearchResult>,
  ): Promise<SearchResult & Explained> {
    const deps = await opened()
    return explain === true ? searchExplained(deps, request, run) : run(deps)
  }

  return {
    search: ({ serve, explain, ...request }) =>
      found(explain, request, (deps) =>
        serve === undefined ? search(deps, request) : searchWhileFilling(deps, { ...request, serve }),
      ),
    searchMultiModel: ({ explain, ...request }) =>
      found(explain, request, (deps) => searchMultiModel(deps, request)),
    explain: async (request) => explainSearch(await opened(), request),
  }
}
