import { grouped } from '../core/counted.ts'
import { hnswIndexOf } from '../schema/hnsw-index.ts'
import { measureRecall, nearestWanted } from '../store/calibrate.ts'
import type { Deps, StoreDeps } from '../store/deps.ts'
import { defaultTuning } from '../store/nearest-tuning.ts'
import type { Check } from '../wire/doctor.ts'
import { defaultGates } from '../wire/migration.ts'
import { ok, warn } from './check.ts'
import type { Patient } from './model.ts'

/** A model that has grown by less since its effort was measured needs the same. */
const grown = 1.2
const queries = 200
/** Doctor is asked often, and a million vectors are compared in a second. */
const exactBudgetMs = 5_000

/**
 * Whether searches of the HNSW index still find as many of the nearest as was asked for. Measured again only after the
 * model has grown; changes nothing.
 */
export async function checkRecall(
  deps: StoreDeps & Pick<Deps, 'tuning' | 'recall'>,
  { model, vectors }: Patient,
  signal?: AbortSignal,
): Promise<readonly Check[]> {
  const { db, tuning = defaultTuning } = deps
  if (vectors <= tuning.exactRows || (await hnswIndexOf(db, model))?.valid !== true) return []
  const name = model.modelName
  const { effort } = model
  const wanted = effort?.wanted ?? deps.recall ?? defaultGates.recall
  const since = `measured at ${grouped(effort?.vectors ?? 0)} vectors`
  if (effort !== null && effort.recall >= wanted && vectors <= effort.vectors * grown) {
    const sentence = `Searches found ${share(effort.recall)} of the nearest with ef_search ${grouped(effort.efSearch)}, ${since}.`
    return [ok('recall', name, { sentence, data: { ...effort, measured: false } })]
  }
  const request = { model, vectors, queries, budgetMs: exactBudgetMs, signal }
  const { recall, interval, efSearch, queries: asked } = await measureRecall(deps, request)
  const [low, high] = interval
  const data = { recall, interval, efSearch, queries: asked, queriesFrom: 'chunks', wanted, measured: true }
  const found = `Searches of "${name}" find ${share(recall)} (${share(low)} to ${share(high)}) of the ${nearestWanted} nearest with ef_search ${grouped(efSearch)}, asked with ${grouped(asked)} chunks`
  if (high >= wanted) return [ok('recall', name, { sentence: `${found}.`, data })]
  return [
    warn('recall', name, {
      sentence: `${found}; ${share(wanted)} are wanted (${effort === null ? 'the effort was never measured' : since}, now ${grouped(vectors)}).`,
      hint: `Find the effort that is needed now: \`revector models calibrate ${name}\`.`,
      data,
    }),
  ]
}

const share = (value: number): string => String(Number(value.toFixed(3)))
