import type { ChunkId } from '../core/document.ts'
import { throwIfAborted } from '../core/errors.ts'
import type { StoreDeps } from './deps.ts'
import { readVectors } from './embeddings.ts'
import type { StoredSpace } from './missing-column.ts'
import { findNearest } from './nearest.ts'
import { defaultTuning, type NearestTuning } from './nearest-tuning.ts'

/** The neighbours of a chunk whose difference leads away from it, and how much of that difference it is moved. */
const [towards, from, share] = [4, 9, 0.7]

/**
 * Points that behave like questions: each is a chunk moved by the difference of two of its neighbours, so it lies where chunks
 * could lie, as far from the chunk as its neighbours do. A chunk itself is easier to find than any question: the graph was
 * built with it, and links it to its nearest.
 */
export async function standIns(
  { db, layout, tuning = defaultTuning }: StoreDeps & { readonly tuning?: NearestTuning },
  { model, vectors, signal }: { model: StoredSpace; vectors: number; signal?: AbortSignal | undefined },
  chunkIds: readonly ChunkId[],
): Promise<readonly Float32Array[]> {
  const own = await readVectors(db, layout, model, chunkIds)
  const near = new Map<ChunkId, readonly ChunkId[]>()
  for (const [id, vector] of own) {
    throwIfAborted(signal)
    const search = { model, vector, k: from + 2, filter: undefined, versionOf: null, vectors }
    const { found } = await findNearest(db, layout, search, { tuning: { ...tuning, exactRows: -1 } })
    near.set(
      id,
      found.map(({ chunkId }) => chunkId).filter((other) => other !== id),
    )
  }
  const wanted = [...near.values()].flatMap((ids) =>
    [ids[towards], ids[from]].filter((one) => one !== undefined),
  )
  const neighbours = await readVectors(db, layout, model, [...new Set(wanted)])
  return [...own].map(([id, vector]) => {
    const ids = near.get(id) ?? []
    const a = neighbours.get(ids[towards] ?? '')
    const b = neighbours.get(ids[from] ?? '')
    return a === undefined || b === undefined ? vector : moved(vector, a, b)
  })
}

function moved(vector: Float32Array, a: Float32Array, b: Float32Array): Float32Array {
  const [here, plus, minus] = [unit(vector), unit(a), unit(b)]
  const point = here.map((value, i) => value + share * ((plus[i] ?? 0) - (minus[i] ?? 0)))
  // Only the direction counts, but nothing has one where the three cancel out.
  return point.some((value) => value !== 0) ? unit(point) : vector
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}
