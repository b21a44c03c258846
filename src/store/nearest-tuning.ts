import { type IndexKind, indexKind } from '../schema/index-kind.ts'
import type { StoredSpace } from './missing-column.ts'

/**
 * How a search divides its work between the HNSW index and plain scans. The defaults were measured:
 * docs/decisions.
 */
export interface NearestTuning {
  /**
   * Up to this many vectors (of the model, or that a filter leaves) are compared one by one: some 10 ms, and
   * nothing can be missed.
   */
  readonly exactRows: number
  /**
   * Least number of candidates the HNSW index keeps in view, for a model whose effort was not measured: more find
   * more and take longer. pgvector's default is 40.
   */
  readonly efSearch: number
  /**
   * For a model whose effort was not measured: chunks that pass the filter and are taken from the HNSW index beyond
   * those asked for. The index stops at the first ones that it meets, which are not always the nearest.
   */
  readonly filterSurplus: number
  /**
   * How many chunks are looked up and compared in the time in which a filtered search passes one row of the HNSW index:
   * what is nearer to the query than the next one that passes is read, compared and tested for nothing.
   */
  readonly lookupsPerRow: number
  /** Most rows a filtered search visits in the HNSW index before it compares all that match instead. */
  readonly maxScanTuples: number
}

export const defaultTuning: NearestTuning = {
  exactRows: 5_000,
  efSearch: 100,
  filterSurplus: 40,
  lookupsPerRow: 7,
  maxScanTuples: 20_000,
}

/**
 * Up to this many chunks that pass a filter are looked up and compared one by one, which misses nothing. Of `vectors`, m
 * pass: `rows` of them are found by passing `rows` × `vectors` / m rows of the HNSW index; at this m, both ways take as
 * long (measured with a million vectors: 10,000 looked up in 65 ms, found through the index in 740).
 */
export function fewMatches(
  search: { readonly k: number; readonly vectors: number; readonly rows: number },
  tuning: NearestTuning,
): number {
  const small = Math.min(tuning.exactRows, Math.max(1_000, 5 * search.k))
  return Math.max(small, Math.ceil(Math.sqrt(tuning.lookupsPerRow * search.rows * search.vectors)))
}

/** The most that `hnsw.ef_search` allows; beyond it, an iterative scan is used. */
export const efSearchLimit = 1_000

/**
 * Limits are part of the statement's text, so that the planner knows them: a few sizes, so that plans are
 * reused.
 */
const limits = [10, 20, 50, 100, 200, 500, 1_000] as const

/** The smallest of a few limits that is enough for k. */
export function limitFor(k: number): number {
  return limits.find((limit) => limit >= k) ?? k
}

/**
 * Rows to take from the HNSW index so that the k nearest are among them. An index of `halfvec` only confuses
 * neighbours whose distances agree to the third digit; one of bits only sees signs and needs many more.
 */
export function candidatesFor(form: IndexKind['form'], limit: number): number {
  switch (form) {
    case 'vector':
      return limit
    case 'halfvec':
      return limit + Math.max(5, Math.ceil(limit / 5))
    case 'bit':
      return Math.max(200, limit * 8)
  }
}

/**
 * HNSW indexes of wide vectors are harder to search: with as many candidates in view as for narrow ones they
 * lose more. `npm run bench -- --only search` measures the recall of each width.
 */
const wideShare = 1.6

/** The least number of candidates in view for a model: as measured, else the default of its width. */
export function leastEfSearch(tuning: NearestTuning, model: StoredSpace): number {
  if (model.effort) return model.effort.efSearch
  return indexKind(model).form === 'vector' ? tuning.efSearch : Math.ceil(tuning.efSearch * wideShare)
}

/** Candidates that the HNSW index keeps in view for a search that takes that many from it. */
export function efSearchFor(tuning: NearestTuning, model: StoredSpace, candidates: number): number {
  return Math.min(efSearchLimit, Math.max(leastEfSearch(tuning, model), candidates))
}

/** Chunks that pass a filter and are taken from the HNSW index beyond those asked for. */
export function filterSurplusFor(tuning: NearestTuning, model: StoredSpace): number {
  return model.effort?.filterSurplus ?? tuning.filterSurplus
}
