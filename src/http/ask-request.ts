import type * as z from 'zod'
import type { AskRequest } from '../library/revector.ts'
import type { SearchAs } from '../wire/search-as.ts'
import type { query } from './contract/query.ts'

/** The request of a body, as the library takes it. */
export function askRequest(
  { model, ...rest }: z.output<typeof query.body>,
  signal: AbortSignal,
  as?: SearchAs,
): AskRequest {
  return { ...rest, modelName: model, as, signal }
}
