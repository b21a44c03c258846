import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import { countMissing } from '../store/coverage.ts'
import { writtenModels } from '../store/models.ts'
import { oweChunks } from '../store/owed.ts'
import type { IngestParts } from './parts.ts'

/** Vectors that written models lack, by model name; models that lack none are left out. */
export async function readOwed({
  db,
  layout,
}: Pick<IngestParts, 'db' | 'layout'>): Promise<Readonly<Record<string, number>>> {
  const owed: Record<string, number> = {}
  for (const model of await writtenModels(db)) {
    const missing = await countMissing(db, layout, model)
    if (missing > 0) owed[model.modelName] = missing
  }
  return owed
}

/**
 * In the transaction that writes chunks: puts on record which written models lack a vector of them. The states of
 * models stand still meanwhile, so a migration that starts or cuts over sees the record or the vectors.
 */
export async function recordOwed(
  tx: Queryable,
  layout: Layout,
  complete: ReadonlySet<number>,
  chunkIds: readonly ChunkId[],
): Promise<void> {
  for (const model of await writtenModels(tx, { lock: true })) {
    if (!complete.has(model.id)) await oweChunks(tx, layout, model, chunkIds)
  }
}
