import { isRevectorError } from '../../core/errors.ts'
import type { ModelLimits } from '../../embedding/contract.ts'
import { dropHnswIndexForLoad } from '../../schema/bulk-load.ts'
import type { StoreDeps } from '../../store/deps.ts'
import { batchesLeft, enqueueBatches, firstOfBatches } from '../../store/migration-batches.ts'
import { recordEvent } from '../../store/migration-events.ts'
import { mayEnqueue, noteEnqueued } from '../../store/migration-progress.ts'
import type { StoredMigration } from '../../store/migrations.ts'
import type { Model } from '../../wire/model.ts'

/** Chunks that are embedded before all others, to relate one space's distances to the other's. */
export const calibrationSize = 400

/** Our token count differs from the provider's: a batch must fit into one call all the same. */
const tokensMargin = 0.7

export interface Enqueued {
  readonly batches: number
  readonly chunks: number
}

/**
 * Cuts the chunks that the target lacks into batches, in one transaction, if none is left of an earlier cut.
 *
 * @returns null if another worker is doing it, or was faster, or the migration is no longer filling; 0 batches:
 * nothing is missing
 */
export async function enqueue(
  { db, layout }: StoreDeps,
  migration: StoredMigration,
  target: Model,
  {
    limits,
    actor,
  }: { readonly limits: Pick<ModelLimits, 'batchItems' | 'batchTokens'>; readonly actor: string },
): Promise<Enqueued | null> {
  const { id, scope } = migration
  const cut = (dropHnswIndex: boolean) =>
    db.transaction(
      async (tx) => {
        if (!(await mayEnqueue(tx, id)) || (await batchesLeft(tx, id)).batches > 0) return null
        const made = await enqueueBatches(tx, layout, target, {
          migrationId: id,
          scope,
          items: Math.min(migration.batchItems, limits.batchItems),
          tokens: Math.max(1, Math.floor(Math.min(limits.batchTokens, 1e9) * tokensMargin)),
        })
        if (made.batches === 0) return made
        const calibration = await firstOfBatches(tx, id, calibrationSize)
        if (!(await noteEnqueued(tx, layout, { migrationId: id, scope, calibration }))) throw new NotFilling()
        await recordEvent(tx, { migrationId: id, actor, type: 'enqueued', data: made })
        // Together with the batches: the worker that fills the last of them finds no HNSW index, and builds it.
        if (dropHnswIndex)
          await dropHnswIndexForLoad(tx, target, { rows: made.chunks, concurrent: db.concurrent })
        return made
      },
      { unhurried: true },
    )
  try {
    return await cut(true).catch((error: unknown) => {
      // A long reader may hold the table: then the rows are inserted through the HNSW index, which is slower
      // but correct.
      if (isRevectorError(error, 'DATABASE_BUSY')) return cut(false)
      throw error
    })
  } catch (error) {
    if (error instanceof NotFilling) return null
    throw error
  }
}

/** Rolls back the batches of a migration that was paused or cancelled meanwhile. */
class NotFilling extends Error {
  override readonly name = 'NotFilling'
}
