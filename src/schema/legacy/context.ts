import type { OnProgress } from '../../core/progress.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, sql } from '../../postgres/sql.ts'
import type { BuildSite } from '../index-build.ts'
import { withShortLocks } from '../locks.ts'
import type { Adoption } from './record.ts'

/** What the steps of an adoption need. */
export interface AdoptionRun {
  readonly site: BuildSite
  readonly adoption: Adoption
  readonly onProgress?: OnProgress
}

/** A transaction that briefly needs strong locks, with new tables created in the schema of the old one. */
export async function shortly<T>(
  { site, adoption, onProgress }: AdoptionRun,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return await withShortLocks(
    site.session,
    async (tx) => {
      await tx.query(sql`
        select set_config('search_path',
          concat_ws(', ', ${ident(adoption.table.schema).text}::text, nullif(current_setting('search_path'), '')),
          true)`)
      return await work(tx)
    },
    { ...(site.signal && { signal: site.signal }), ...(onProgress && { onProgress }) },
  )
}

/**
 * A step that runs while the database stays in use. Every `apply` and `undo` checks the catalog first, so that
 * each may be interrupted anywhere and run again.
 */
export interface Step {
  readonly name: string
  readonly does: string
  /** As `does`, for the rollback. */
  readonly undoes: string
  /** The lock, in words, and how long it is held. */
  readonly locks: string
  /** Whether it takes longer with more rows. */
  readonly growsWithRows: boolean
  apply(context: AdoptionRun): Promise<void>
  undo(context: AdoptionRun): Promise<void>
}

/** The words for a lock of ALTER TABLE, and for a step without a lock that matters. */
export const instant = (tables: string): string =>
  `all use of ${tables}, briefly; gives up and retries rather than wait for more than 0.1 s`
export const none = 'none that blocks reads or writes'
