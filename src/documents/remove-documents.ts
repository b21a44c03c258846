import { RevectorError, throwIfAborted } from '../core/errors.ts'
import { vacuumEmbedded } from '../postgres/vacuum.ts'
import { requireOwnDocuments } from '../schema/attach/guards.ts'
import type { StoreDeps } from '../store/deps.ts'
import { deleteDocuments, matchingDocuments } from '../store/documents.ts'
import { checkFilter, isNarrowing } from '../store/filter.ts'
import type { SearchFilter } from '../wire/search.ts'

export interface RemoveDocuments {
  /** The documents that were ingested with these. */
  readonly sources?: readonly string[]
  readonly filter?: SearchFilter
  readonly signal?: AbortSignal
}

/** Documents of one transaction: each may have thousands of chunks. */
const documentsAtOnce = 200

/** @throws RevectorError INVALID_INPUT, CORPUS_OF_APPLICATION, INTERRUPTED; what was removed before stays removed */
export async function removeDocuments(
  { db, layout }: StoreDeps,
  { sources, filter, signal }: RemoveDocuments,
): Promise<{ readonly removed: number }> {
  requireOwnDocuments(layout)
  checkFilter(filter)
  requireWhich(sources, filter)
  let removed = 0
  for (;;) {
    throwIfAborted(signal)
    const ids = await matchingDocuments(db, layout, { sources, filter, limit: documentsAtOnce })
    if (ids.length === 0) break
    removed += await db.transaction((tx) => deleteDocuments(tx, layout, ids))
  }
  if (removed > 0) await vacuumEmbedded(db)
  return { removed }
}

function requireWhich(sources: RemoveDocuments['sources'], filter: SearchFilter | undefined): void {
  if (sources === undefined && !isNarrowing(filter)) {
    throw new RevectorError(
      'INVALID_INPUT',
      'Expected sources or a filter of the documents to remove, got neither.',
      {
        hint: 'Say which documents: nothing removes all of them by default.',
        data: { field: 'filter' },
      },
    )
  }
}
