import { isDeepStrictEqual } from 'node:util'
import type { MigrationScope } from '../wire/migration.ts'

/** How a requested scope relates to that of the open migration. */
export type ScopeChange = 'same' | 'wider' | 'other'

/** Decides without reading chunks whether a scope is wider or narrower; undecidable cases are `other`. */
export function compareScopes(present: MigrationScope, asked: MigrationScope): ScopeChange {
  if (isDeepStrictEqual(ordered(present), ordered(asked))) return 'same'
  return covers(asked, present) ? 'wider' : 'other'
}

function covers(wide: MigrationScope, narrow: MigrationScope): boolean {
  if (wide.sample !== undefined) {
    // A sample is drawn from what the other conditions leave: only a larger draw from the same set contains a
    // smaller one.
    if (narrow.sample === undefined || wide.sample < narrow.sample) return false
    return isDeepStrictEqual(lot(wide), lot(narrow))
  }
  return (
    coversDocuments(wide.documents, narrow.documents) &&
    (wide.where === undefined || isDeepStrictEqual(wide.where, narrow.where))
  )
}

function coversDocuments(
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
): boolean {
  if (wide === undefined) return true
  const known = new Set(wide)
  return narrow?.every((id) => known.has(id)) === true
}

const lot = (scope: MigrationScope): MigrationScope => ordered({ ...scope, sample: 0 })

function ordered({ documents, where, sample }: MigrationScope): MigrationScope {
  return { documents: documents && [...new Set(documents)].sort(), where, sample }
}
