import { RevectorError } from '../core/errors.ts'
import { hnswIndexOf } from '../schema/hnsw-index.ts'
import { calibrate, exactBudgetMs } from '../store/calibrate.ts'
import { countVectors } from '../store/coverage.ts'
import type { Deps, StoreDeps } from '../store/deps.ts'
import { requireModel, setModelEffort } from '../store/models.ts'
import { defaultTuning } from '../store/nearest-tuning.ts'
import { defaultGates } from '../wire/migration.ts'
import type { CalibratedModel } from '../wire/model.ts'

const queries = 200

/**
 * Finds the least search effort that reaches a recall, and stores it with the model: running processes use it from
 * their next search on. A model so small that searches compare every vector needs none.
 *
 * @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT without a valid HNSW index, INTERRUPTED
 */
export async function calibrateModel(
  deps: StoreDeps & Pick<Deps, 'tuning' | 'recall'>,
  modelName: string,
  { recall, signal }: { readonly recall?: number; readonly signal?: AbortSignal } = {},
): Promise<CalibratedModel> {
  const { db, layout, tuning = defaultTuning } = deps
  const wanted = recall ?? deps.recall ?? defaultGates.recall
  if (!(wanted >= 0 && wanted <= 1)) {
    throw new RevectorError('INVALID_INPUT', `A recall is a share from 0 to 1, got ${wanted}.`, {
      hint: 'Give 0.98, for instance.',
      data: { field: 'recall' },
    })
  }
  const model = await requireModel(db, modelName)
  const { vectors } = model.state === 'retired' ? { vectors: 0 } : await countVectors(db, layout, model)
  if (vectors <= tuning.exactRows) return { modelName, vectors, reached: true, effort: null }
  if ((await hnswIndexOf(db, model))?.valid !== true) {
    throw new RevectorError('INVALID_INPUT', `"${modelName}" has no valid HNSW index to measure.`, {
      hint: `Build it by ingesting any document, or with \`revector migrate run --to ${modelName}\`.`,
      data: { model: modelName },
    })
  }
  const found = await calibrate(deps, { model, vectors, wanted, queries, budgetMs: exactBudgetMs, signal })
  await setModelEffort(db, model.id, found.effort)
  return { modelName, vectors, reached: found.reached, effort: found.effort }
}
