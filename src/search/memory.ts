import { type ModelState, writtenStates } from '../core/model.ts'
import type { Queryable } from '../postgres/database.ts'
import type { Layout } from '../schema/layout.ts'
import {
  type CountedAt,
  type Counts,
  cheapRows,
  countMatching,
  countVectors,
  estimateCounts,
} from '../store/coverage.ts'
import type { StoredSpace } from '../store/missing-column.ts'
import { requireCurrentModel, requireModel, type VersionedModel, versionedModel } from '../store/models.ts'
import { createRemember, standsFor } from '../store/remember.ts'
import type { SearchFilter } from '../wire/search.ts'

/**
 * A cache between searches, so that a search is a single round trip. Nothing in it is trusted: the search
 * statement itself reads the valid version of the model's row, and its snapshot.
 */
export interface SearchMemory {
  /** Cached texts of search statements. */
  readonly texts: Map<string, string>
  /** The model with this name or (null) the current one, as last seen. @throws RevectorError MODEL_UNKNOWN */
  model(db: Queryable, modelName: string | null): Promise<VersionedModel>
  /** The same, read again. */
  reread(db: Queryable, modelName: string | null): Promise<VersionedModel>
  /**
   * What is remembered of a model before it is searched. Nothing yet: a small corpus is counted now; of a large one the
   * count begins and the search need not wait for it, as PostgreSQL's estimate tells which way to search.
   */
  before(db: Queryable, layout: Layout, model: StoredSpace): Promise<Before>
  /**
   * Chunks, and how many have a vector. Equal snapshots see equal rows, so with a given `snapshot` the counts
   * are exact if nothing was committed since the last count. While there are writes, up to 20,000 chunks are
   * counted at every search; more are counted as often as costs a twentieth of the time. Where the search has read
   * what is `recorded` as lacking, it does not wait for that count: chunks recorded since the last one lower it at
   * once, and only a new count raises it. Rows that others write are not recorded, so they are noticed with a lag of
   * twenty times what one count takes (some half a second for 100,000 chunks).
   */
  counts(db: Queryable, layout: Layout, request: CountsRequest): Promise<CountedAt>
  /**
   * Of what a filter leaves of the `whole`. In a large corpus these counts stand for twenty times as long as they took, as
   * those of the whole do, and are lowered by what was recorded as lacking since.
   */
  matching(db: Queryable, layout: Layout, request: MatchingRequest): Promise<Counts>
}

interface MatchingRequest extends Pick<CountsRequest, 'model' | 'recorded'> {
  readonly filter: SearchFilter
  readonly whole: Counts
}

export interface Before {
  /** Of the model: counted or, with `counts` null, estimated. */
  readonly vectors: number
  readonly counts: CountedAt | null
}

interface CountsRequest {
  /** Only a written model has everything recorded that it lacks. */
  readonly model: StoredSpace & { readonly state?: ModelState }
  readonly snapshot: string
  /** See `Nearest`. */
  readonly recorded?: number | null
}

interface Remembered {
  readonly counts: CountedAt
  readonly at: number
  readonly tookMs: number
}

/** Up to this many are counted at every search while there are writes. */
export function isCheapToCount({ chunks, vectors }: Counts): boolean {
  return Math.max(chunks, vectors) <= cheapRows
}

export function createSearchMemory(now: () => number = () => performance.now()): SearchMemory {
  const models = new Map<string | null, VersionedModel>()
  const counted = new Map<number, Remembered>()
  const counting = new Map<number, Promise<CountedAt>>()
  const rememberMatching = createRemember(now)

  async function reread(db: Queryable, modelName: string | null): Promise<VersionedModel> {
    models.delete(modelName)
    const found = await readModel(db, modelName)
    models.set(modelName, found)
    return found
  }

  async function count(db: Queryable, layout: Layout, model: StoredSpace): Promise<CountedAt> {
    const began = now()
    const counts = await countVectors(db, layout, model)
    counted.set(model.id, { counts, at: now(), tookMs: now() - began })
    return counts
  }

  function begin(db: Queryable, layout: Layout, model: StoredSpace): Promise<CountedAt> {
    const mine = count(db, layout, model).finally(() => counting.delete(model.id))
    counting.set(model.id, mine)
    return mine
  }

  return {
    texts: new Map(),
    model: async (db, modelName) => models.get(modelName) ?? reread(db, modelName),
    reread,
    before: async (db, layout, model) => {
      const last = counted.get(model.id)
      if (last !== undefined) return { vectors: last.counts.vectors, counts: last.counts }
      const estimated = await estimateCounts(db, layout, model)
      const begun = counting.get(model.id) ?? begin(db, layout, model)
      // Without statistics of the model, what is estimated would choose the wrong way to search.
      if (isCheapToCount(estimated) || estimated.vectors === 0) {
        const counts = await begun
        return { vectors: counts.vectors, counts }
      }
      // If it fails, the search counts afterwards.
      begun.catch(() => undefined)
      return { vectors: estimated.vectors, counts: null }
    },
    counts: async (db, layout, { model, snapshot, recorded }) => {
      const last = counted.get(model.id)
      if (last !== undefined) {
        if (last.counts.snapshot === snapshot) return last.counts
        const isDue = isCheapToCount(last.counts) || now() - last.at >= standsFor * last.tookMs
        if (!isCheapToCount(last.counts) && isRecorded(model, recorded)) {
          // If it fails, what is remembered stands, and the next search counts.
          if (isDue && !counting.has(model.id)) begin(db, layout, model).catch(() => undefined)
          return lowered(last.counts, recorded)
        }
        if (!isDue) return last.counts
      }
      // Started for another search, maybe before this one: it may not have seen what this one saw.
      const begun = counting.get(model.id)
      if (begun !== undefined) {
        const counts = await begun
        if (counts.snapshot === snapshot) return counts
        if (!isCheapToCount(counts)) return isRecorded(model, recorded) ? lowered(counts, recorded) : counts
      }
      const running = counting.get(model.id)
      if (running !== undefined) return running
      return begin(db, layout, model)
    },
    matching: async (db, layout, { model, filter, whole, recorded }) => {
      const { matching } = await rememberMatching(JSON.stringify([model.id, filter]), async () => ({
        // How long it takes follows from what is looked through.
        chunks: Math.max(whole.chunks, whole.vectors),
        matching: await countMatching(db, layout, model, filter),
      }))
      return isRecorded(model, recorded) ? lowered(matching, recorded) : matching
    },
  }
}

/** Without the chunks that were recorded as lacking since the count. */
function lowered<T extends Omit<CountedAt, 'snapshot'>>(counts: T, recorded: number): T {
  const more = recorded - counts.recorded
  if (more <= 0) return counts
  return { ...counts, vectors: Math.max(0, Math.min(counts.vectors, counts.chunks) - more) }
}

/** Whether the search has read how many chunks a written model lacks: of others, nothing is recorded. */
function isRecorded(
  { state }: Pick<CountsRequest['model'], 'state'>,
  recorded: CountsRequest['recorded'],
): recorded is number {
  return recorded !== null && recorded !== undefined && writtenStates.some((written) => written === state)
}

/** For a single search: starts empty. */
export function noMemory(): SearchMemory {
  return createSearchMemory()
}

async function readModel(db: Queryable, modelName: string | null): Promise<VersionedModel> {
  const found = await versionedModel(db, modelName)
  if (found !== null) return found
  // The error lists the registered names.
  await (modelName === null ? requireCurrentModel(db) : requireModel(db, modelName))
  // Registered in between.
  return readModel(db, modelName)
}
