import type * as z from 'zod'
import type { AskRequest } from '../library/revector.ts'
import type { query } from './contract/query.ts'
import { filterOf } from './filter.ts'

/** What a body asks, as the library takes it. */
export function askRequest(body: z.output<typeof query.body>, signal: AbortSignal): AskRequest {
  const { query: text, model, serve, top_k, min_score, mode, filter } = body
  return {
    query: text,
    topK: top_k,
    signal,
    modelName: model,
    serve,
    minScore: min_score,
    mode,
    ...(filter === undefined ? {} : { filter: filterOf(filter) }),
  }
}
