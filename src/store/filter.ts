import { join, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import type { SearchFilter } from '../wire/search.ts'
import { documentColumns } from './columns.ts'
import { possibleIdArray } from './ids.ts'

/** Whether a filter asks for anything at all. */
export function isNarrowing(filter: SearchFilter | undefined): filter is SearchFilter {
  return filter !== undefined && Object.values(filter).some((part) => part !== undefined)
}

/**
 * The filter as a condition on the documents table under the alias `d`. Rows of an adopted table where the
 * column asked about is NULL don't match.
 */
export function documentsMatching(layout: Layout, filter: SearchFilter | undefined): Sql {
  const d = documentColumns(layout)
  const deps: Sql[] = []
  if (filter?.documentIds !== undefined) {
    deps.push(sql`d.${d.id} = any(${possibleIdArray(d.idType, filter.documentIds)})`)
  }
  if (filter?.title !== undefined) {
    // Not LIKE: in a title looked for, % and _ are themselves.
    deps.push(sql`position(lower(${filter.title}) in lower(d.${d.title}::text)) > 0`)
  }
  if (filter?.metadata !== undefined) {
    deps.push(sql`d.${d.metadata} @> ${JSON.stringify(filter.metadata)}::jsonb`)
  }
  if (filter?.createdAfter !== undefined) {
    deps.push(sql`d.${d.createdAt} >= ${filter.createdAfter}::timestamptz`)
  }
  if (filter?.createdBefore !== undefined) {
    deps.push(sql`d.${d.createdAt} < ${filter.createdBefore}::timestamptz`)
  }
  return deps.length === 0 ? sql`true` : sql`(${join(deps, ' and ')})`
}
