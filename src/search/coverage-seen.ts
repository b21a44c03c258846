import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { type CountedAt, type Counts, countMatching, countVectors, coverageOf } from '../store/coverage.ts'
import { isNarrowing } from '../store/filter.ts'
import { isGone } from '../store/missing-column.ts'
import { type FoundChunk, findNearest, type Nearest } from '../store/nearest.ts'
import type { Model } from '../wire/model.ts'
import type { SearchDeps } from './deps.ts'
import { isCheapToCount, type SearchMemory } from './memory.ts'
import type { SpaceRequest, SpaceResult } from './space-request.ts'

/** An answer, and what there was to be seen a moment before it was searched for. */
export interface Seen extends Nearest {
  readonly before: CountedAt
}

/** A search in one model's space, with the query's vector. */
interface Asked {
  readonly request: SpaceRequest
  readonly model: Model
  readonly vector: Float32Array
}

/** An answer, with what the search that gave it could see. */
interface Counted {
  readonly found: readonly FoundChunk[]
  readonly whole: Counts
  readonly coverage: number
}

/**
 * The answer with its coverage. That is counted in further statements, which may see what the search has not. Where they
 * did, and counting is cheap, all is done again on one snapshot; in a large corpus the coverage may lag (`SearchMemory`).
 *
 * @throws RevectorError MODEL_EMPTY
 */
export async function resultOf(
  deps: SearchDeps,
  memory: SearchMemory,
  asked: Asked,
  nearest: Seen,
): Promise<SpaceResult> {
  const { model, vector } = asked
  const counted = await countAfter(deps, memory, asked, nearest)
  const { found, whole, coverage } =
    counted.certain || !(isCheapToCount(counted.whole) || counted.whole.vectors === 0)
      ? counted
      : ((await onOneSnapshot(deps, memory, asked, counted.whole)) ?? counted)
  if (found.length === 0 && whole.vectors === 0 && whole.chunks > 0) throw empty(model, whole)
  return { model, vector, found, coverage }
}

/** `certain`: what was counted is what the search saw. */
async function countAfter(
  { db, layout }: SearchDeps,
  memory: SearchMemory,
  { request, model }: Asked,
  nearest: Seen,
): Promise<Counted & { readonly certain: boolean }> {
  const { found, matching } = nearest
  const whole = await memory.counts(db, layout, { model, snapshot: nearest.snapshot })
  const { filter } = request
  if (isOf(nearest, whole.snapshot)) {
    if (!isNarrowing(filter) || isComplete(whole)) {
      return { found, whole, coverage: coverageOf(whole), certain: true }
    }
    if (matching !== null) return { found, whole, coverage: coverageOf(matching), certain: true }
  }
  const narrow = isNarrowing(filter) && !isComplete(whole)
  const seen = narrow ? (matching ?? (await countMatching(db, layout, model, filter))) : whole
  // Counted a moment after the search: what was stored in between, it has not seen.
  const coverage = Math.min(coverageOf(seen), coverageOf(nearest.before))
  return { found, whole, coverage, certain: false }
}

/**
 * Whether the search saw what this snapshot sees. One that found nothing has read its snapshot a moment later: it is
 * the search's own only if nothing was committed since before it.
 */
function isOf({ found, before, ...nearest }: Seen, snapshot: string): boolean {
  return nearest.snapshot === snapshot && (found.length > 0 || before.snapshot === snapshot)
}

function isComplete({ chunks, vectors }: Counts): boolean {
  return vectors >= chunks
}

/** The search and its counts, none of which sees anything that the others don't. Null: the model was removed. */
async function onOneSnapshot(
  { db, layout, tuning }: SearchDeps,
  memory: SearchMemory,
  { request, model, vector }: Asked,
  { vectors }: Counts,
): Promise<Counted | null> {
  const { k, filter, modelName: versionOf } = request
  try {
    return await db.transaction(
      async (tx) => {
        const options = { tuning, texts: memory.texts }
        const asked = { model, vector, k, filter, versionOf, vectors }
        const { found, matching } = await findNearest(tx, layout, asked, options)
        const whole = await countVectors(tx, layout, model)
        const narrow = isNarrowing(filter) && !isComplete(whole)
        const seen = narrow ? (matching ?? (await countMatching(tx, layout, model, filter))) : whole
        return { found, whole, coverage: coverageOf(seen) }
      },
      { isolation: 'repeatable read', readOnly: true },
    )
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

function empty(model: Model, counts: Counts): RevectorError {
  return new RevectorError(
    'MODEL_EMPTY',
    `"${model.modelName}" has no vectors of the ${counted(counts.chunks, 'chunk')}: a search with it finds nothing.`,
    {
      hint: `Fill it with \`revector migrate run --from MODEL --to ${model.modelName}\`, or search with another model.`,
      data: { model: model.modelName, chunks: counts.chunks },
    },
  )
}
