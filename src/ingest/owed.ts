import { countMissing } from '../store/coverage.ts'
import { writtenModels } from '../store/models.ts'
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
