import type { ChunkId } from '../core/document.ts'
import { inPieces } from '../core/turns.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { cheapRows, countMissing, estimateCounts } from '../store/coverage.ts'
import type { StoreDeps } from '../store/deps.ts'
import { writtenModels } from '../store/models.ts'
import { countPending, recordPending } from '../store/pending.ts'

/**
 * Vectors that written models lack, by model name; models that lack none are left out. A small corpus is looked through; of
 * a large one, which takes a second for a million chunks, it is what writers have recorded.
 */
export async function readPending({ db, layout }: StoreDeps): Promise<Readonly<Record<string, number>>> {
  const pending: Record<string, number> = {}
  for (const model of await writtenModels(db)) {
    const large = (await estimateCounts(db, layout, model)).chunks > cheapRows
    const missing = await (large ? countPending : countMissing)(db, layout, model)
    if (missing > 0) pending[model.modelName] = missing
  }
  return pending
}

/** Ids of one statement. */
const idsAtOnce = 5_000

/**
 * Records, in the transaction that writes chunks, which written models lack a vector of them. The states of
 * models are locked meanwhile, so a migration that starts or cuts over sees either the record or the vectors.
 */
export async function recordLacking(
  tx: Queryable,
  layout: Layout,
  complete: ReadonlySet<number>,
  chunkIds: readonly ChunkId[],
): Promise<void> {
  for (const model of await writtenModels(tx, { lock: true })) {
    if (complete.has(model.id)) continue
    for (const piece of inPieces(chunkIds, idsAtOnce)) await recordPending(tx, layout, model, piece)
  }
}
