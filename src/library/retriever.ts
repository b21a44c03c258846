import type { SearchDeps } from '../search/deps.ts'
import { explainSearch, searchExplained } from '../search/explain.ts'
import {
  type ExplainRequest,
  type MultiModelSearchRequest,
  refuseBesideAs,
  type SearchRequest,
} from '../search/request.ts'
import { search } from '../search/search.ts'
import { searchMultiModel } from '../search/search-multi-model.ts'
import { searchWhileFilling } from '../search/search-while-filling.ts'
import type { SearchPlan, SearchResult } from '../wire/search.ts'
import type { Runtime } from './runtime.ts'

/** `revector.retriever`. */
export interface Retriever {
  search(request: SearchRequest): Promise<SearchResult>
  searchMultiModel(request: MultiModelSearchRequest): Promise<SearchResult>
  /** The query plans of a search in each of these models; returns no hits. */
  explain(request: ExplainRequest): Promise<readonly SearchPlan[]>
}

export function retrieverCalls({ opened }: Pick<Runtime, 'opened'>): Retriever {
  async function found(
    explain: boolean | undefined,
    request: Omit<ExplainRequest, 'modelNames'>,
    run: (deps: SearchDeps) => Promise<SearchResult>,
  ): Promise<SearchResult> {
    const deps = await opened()
    return explain === true ? searchExplained(deps, request, run) : run(deps)
  }

  return {
    search: async ({ serve, explain, ...request }) => {
      const { as, ...rest } = request
      refuseBesideAs(as, { serve, explain })
      return found(explain, rest, (deps) =>
        serve === undefined ? search(deps, request) : searchWhileFilling(deps, { ...rest, serve }),
      )
    },
    searchMultiModel: async ({ explain, ...request }) => {
      const { as, ...rest } = request
      refuseBesideAs(as, { explain })
      return found(explain, rest, (deps) => searchMultiModel(deps, request))
    },
    explain: async (request) => explainSearch(await opened(), request),
  }
}
