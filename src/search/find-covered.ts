import { isRevectorError, type RevectorError } from '../core/errors.ts'
import { type Counts, countMatching, countVectors, coverageOf } from '../store/coverage.ts'
import { readingAs } from '../store/database-as.ts'
import { isNarrowing } from '../store/filter.ts'
import { isGone } from '../store/missing-column.ts'
import { findNearest, type Nearest } from '../store/nearest.ts'
import type { Model } from '../wire/model.ts'
import type { SearchAs } from '../wire/search-as.ts'
import type { SearchDeps } from './deps.ts'
import { isCheapToCount, type SearchMemory } from './memory.ts'
import type { SpaceRequest } from './space-request.ts'

/** What a search in one model's space found, and how much of it that search could see. */
export interface Covered extends Nearest {
  /** The whole corpus, whatever the filter. */
  readonly whole: Counts
  /** Of what passes the filter. Never more than the search saw, but in a large corpus it may lag (`SearchMemory`). */
  readonly coverage: number
}

interface Search {
  readonly request: Pick<SpaceRequest, 'modelName' | 'k' | 'filter' | 'as'>
  readonly model: Model
  readonly vector: Float32Array
}

/**
 * The nearest chunks, with their coverage. What is remembered is the coverage while nothing was committed since it was
 * counted. Otherwise it is counted after the search, in a statement that may see what the search has not: where it did,
 * search and count are made again on one snapshot, if counting is cheap; else the lower of before and after is said, and
 * a large corpus is counted beside the searches: what they saw recorded as lacking lowers what is remembered at once.
 *
 * @returns the error when the model's table or column is not there: it may have been removed a moment ago
 */
export async function findCovered(
  deps: SearchDeps,
  memory: SearchMemory,
  search: Search,
): Promise<Covered | RevectorError> {
  const { db, layout } = deps
  const { model, request } = search
  try {
    const before = await memory.before(db, layout, model)
    if (request.as !== undefined)
      return await findAs(deps, request.as, { ...search, vectors: before.vectors })
    const nearest = await find(db, before.vectors)
    const { found, snapshot, recorded, matching } = nearest
    const whole = await memory.counts(db, layout, { model, snapshot, recorded })
    const counted = isPartial(whole) ? matching : whole
    // A search that found nothing has read its snapshot a moment later, where it may be another one.
    const isOfSearch =
      whole.snapshot === snapshot && (found.length > 0 || before.counts?.snapshot === snapshot)
    if (isOfSearch && counted !== null) return { ...nearest, whole, coverage: coverageOf(counted) }
    const again = isCheapToCount(whole) || whole.vectors === 0 ? await onOneSnapshot(whole) : null
    if (again !== null) return again
    const after =
      counted ?? (await memory.matching(db, layout, { model, filter: request.filter ?? {}, whole, recorded }))
    return { ...nearest, whole, coverage: Math.min(coverageOf(after), coverageOf(before.counts ?? whole)) }
  } catch (error) {
    if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) return error
    throw error
  }

  function find(on: Pick<SearchDeps['db'], 'query'>, vectors: number): Promise<Nearest> {
    const { k, filter, modelName: versionOf } = request
    const nearest = { model, vector: search.vector, k, filter, versionOf, vectors }
    return findNearest(on, layout, nearest, { tuning: deps.tuning, texts: memory.texts })
  }

  /** Whether a filter's coverage may be another than the whole's. */
  function isPartial({ chunks, vectors }: Counts): boolean {
    return isNarrowing(request.filter) && vectors < chunks
  }

  /** The search and its counts, none of which sees anything that the others don't. Null: the model was removed. */
  async function onOneSnapshot({ vectors }: Counts): Promise<Covered | null> {
    try {
      return await db.transaction(
        async (tx) => {
          const nearest = await find(tx, vectors)
          const whole = await countVectors(tx, layout, model)
          const counted = isPartial(whole)
            ? (nearest.matching ?? (await countMatching(tx, layout, model, request.filter ?? {})))
            : whole
          return { ...nearest, whole, coverage: coverageOf(counted) }
        },
        { isolation: 'repeatable read', readOnly: true },
      )
    } catch (error) {
      if (isGone(error)) return null
      throw error
    }
  }
}

/**
 * The same as a role, on one snapshot. What is counted is what the role sees; nothing of it is remembered. The `vectors` of the
 * whole corpus only decide how to search.
 */
async function findAs(
  deps: SearchDeps,
  as: SearchAs,
  { request, model, vector, vectors }: Search & { readonly vectors: number },
): Promise<Covered> {
  const { k, filter = {}, modelName: versionOf } = request
  const limited = { limited: true }
  const { db, layout } = readingAs(deps, as)
  return db.transaction(
    async (tx) => {
      const nearest = { model, vector, k, filter, versionOf, vectors, ...limited }
      const found = await findNearest(tx, layout, nearest, { tuning: deps.tuning })
      const counted = found.matching ?? (await countMatching(tx, layout, model, filter, limited))
      const isWhole = found.found.length > 0 || !isNarrowing(filter)
      const whole = isWhole ? counted : await countMatching(tx, layout, model, {}, limited)
      return { ...found, whole, coverage: coverageOf(counted) }
    },
    { isolation: 'repeatable read' },
  )
}
