import { RevectorError } from '../core/errors.ts'
import { join, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { type SearchFilter, searchFilter } from '../wire/search.ts'
import { documentColumns } from './columns.ts'
import { possibleIdArray } from './ids.ts'

/** Whether a filter has any condition. */
export function isNarrowing(filter: SearchFilter | undefined): filter is SearchFilter {
  return filter !== undefined && Object.values(filter).some((part) => part !== undefined)
}

/** A filter from a program, which may be in plain JavaScript. @throws RevectorError INVALID_INPUT */
export function checkFilter(filter: unknown): SearchFilter | undefined {
  const parsed = searchFilter.optional().safeParse(filter)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RevectorError('INVALID_INPUT', `The filter is invalid: ${issue?.message ?? 'unexpected'}.`, {
    hint: 'A condition on the metadata of documents is { metadata: { … } }.',
    data: { field: ['filter', ...(issue?.path ?? [])].join('.') },
  })
}

/**
 * The filter as a condition on the documents table with the alias `d`. Rows of an adopted table in which the
 * column is NULL don't match.
 */
export function documentsMatching(layout: Layout, filter: SearchFilter | undefined): Sql {
  const d = documentColumns(layout)
  const conditions: Sql[] = []
  if (filter?.documentIds !== undefined) {
    conditions.push(sql`d.${d.id} = any(${possibleIdArray(d.idType, filter.documentIds)})`)
  }
  if (filter?.title !== undefined) {
    // Not LIKE: % and _ have no special meaning in a title.
    conditions.push(sql`position(lower(${filter.title}) in lower(d.${d.title}::text)) > 0`)
  }
  if (filter?.metadata !== undefined) {
    conditions.push(sql`d.${d.metadata} @> ${JSON.stringify(filter.metadata)}::jsonb`)
  }
  if (filter?.createdAfter !== undefined) {
    conditions.push(sql`d.${d.createdAt} >= ${filter.createdAfter}::timestamptz`)
  }
  if (filter?.createdBefore !== undefined) {
    conditions.push(sql`d.${d.createdAt} < ${filter.createdBefore}::timestamptz`)
  }
  return conditions.length === 0 ? sql`true` : sql`(${join(conditions, ' and ')})`
}
