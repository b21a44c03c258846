import { counted, grouped } from '../../core/counted.ts'
import { denserIndex } from '../../schema/denser-index.ts'
import { hnswIndexOf } from '../../schema/hnsw-index.ts'
import { type Calibration, calibrate, exactBudgetMs, nearestWanted } from '../../store/calibrate.ts'
import { countVectors } from '../../store/coverage.ts'
import { setModelEffort } from '../../store/models.ts'
import { defaultTuning } from '../../store/nearest-tuning.ts'
import type { Measured, VerifyDeps, VerifyRequest } from './gate.ts'

/** Fewer queries leave the recall open by more than a hundredth. */
const fewestQueries = 200

/**
 * How many of the exact ten nearest a search by the HNSW index finds, with the least effort that finds as many as are
 * asked for. That effort is stored with the target, whose searches use it. If there are so few vectors that searches
 * don't use the index, they miss nothing.
 */
export async function recallGate(deps: VerifyDeps, request: VerifyRequest): Promise<Measured> {
  const { db, layout, tuning = defaultTuning } = deps
  const { target, thresholds, signal } = request
  const { recall: wanted } = thresholds
  const { vectors } = await countVectors(db, layout, target)
  const expected = `recall@${nearestWanted} of searches at least ${wanted}`
  if (vectors <= tuning.exactRows) {
    const measured = `1: a search compares all ${counted(vectors, 'vector')}`
    return { passed: wanted <= 1, expected, measured, data: { recall: 1, queries: 0 } }
  }
  const index = await hnswIndexOf(db, target)
  if (index?.valid !== true) {
    return { passed: false, expected, measured: 'not measured: there is no valid index', data: {} }
  }
  const queries = Math.max(thresholds.sample, fewestQueries)
  const found = await calibrate(deps, {
    model: target,
    vectors,
    wanted,
    queries,
    budgetMs: exactBudgetMs,
    signal,
  })
  const { effort, tried, filtered } = found
  await setModelEffort(db, target.id, effort)
  // Behind a filter it is reported: a denser index would not help where the filter leaves few of the nearest.
  const passed = found.reached
  return {
    passed,
    expected,
    measured: effort.queries === 0 ? 'nothing to search' : recallFound(found),
    data: {
      recall: effort.recall,
      interval: effort.interval,
      efSearch: effort.efSearch,
      filteredRecall: effort.filteredRecall,
      filterSurplus: effort.filterSurplus,
      queries: effort.queries,
      queriesFrom: 'chunks',
      tried: tried.map(({ value, recall }) => ({ efSearch: value, recall })),
      triedBehindFilter: filtered?.tried.map(({ value, recall }) => ({ filterSurplus: value, recall })) ?? [],
      ...(passed ? {} : { remedy: await denserIndex(db, target, index.name) }),
    },
  }
}

function recallFound({ effort, reached, tried, filtered }: Calibration): string {
  const { recall, interval, efSearch, queries, filteredRecall } = effort
  const [low = 0, high = 1] = interval
  const asked = `asked with ${counted(queries, 'chunk')} in place of queries`
  const best = tried.reduce((most, one) => (one.recall > most.recall ? one : most), {
    value: efSearch,
    recall,
  })
  const plain = reached
    ? `${rounded(recall)} (${rounded(low)} to ${rounded(high)}) with ef_search ${grouped(efSearch)}, ${asked}`
    : `at most ${rounded(best.recall)}, with ef_search ${grouped(best.value)}, ${asked}; a denser index finds more (m, ef_construction)`
  if (filteredRecall === null) return plain
  const behind = `behind a filter that leaves a tenth, ${rounded(filteredRecall)}`
  return `${plain}; ${behind}${filtered?.reached === false ? ' at most, whatever is taken' : ''}`
}

const rounded = (value: number): string => String(Number(value.toFixed(3)))
