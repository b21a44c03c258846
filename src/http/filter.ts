import type * as z from 'zod'
import type { SearchFilter } from '../core/search.ts'
import type { filter } from './contract/search.ts'

/** What a body narrows a search to, as the library takes it. */
export function filterOf(given: z.output<typeof filter>): SearchFilter {
  const { document_ids, title, metadata, created_after, created_before } = given
  return {
    documentIds: document_ids,
    title,
    metadata,
    ...(created_after === undefined ? {} : { createdAfter: new Date(created_after) }),
    ...(created_before === undefined ? {} : { createdBefore: new Date(created_before) }),
  }
}
