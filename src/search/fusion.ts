import type { ChunkId } from '../core/document.ts'
import type { Aggregation } from '../wire/search.ts'

/** The results of one model, nearest first. */
export interface RankedList<Item> {
  readonly model: string
  /** Positive. The weight of this model compared with the others. */
  readonly weight: number
  readonly items: readonly Item[]
}

export interface Fused<Item> {
  readonly item: Item
  /** From 0 to 1; 1: first in every list. */
  readonly score: number
  /** Distance in the space of the model that ranked it best. */
  readonly distance: number
  readonly models: Readonly<Record<string, { readonly rank: number; readonly distance: number }>>
}

/** The usual constant of reciprocal rank fusion: how quickly lower ranks count less. */
const flatness = 60

/**
 * Fuses several lists into one: `union` keeps what any model found, `intersection` what every one found.
 * Ordered by weighted reciprocal rank, because distances of different spaces cannot be compared:
 *
 *     score = Σ weight / (60 + rank) × 61 / Σ weight      over the models that found the chunk
 *
 * Equal scores: the better best rank first, then the order of the lists. With equal weights this is a fallback:
 * next to a weak model it costs much of a strong one's quality, so set weights if you know them.
 */
export function fuse<Item extends { readonly chunkId: ChunkId; readonly distance: number }>(
  lists: readonly RankedList<Item>[],
  aggregation: Aggregation,
): readonly Fused<Item>[] {
  const total = lists.reduce((sum, list) => sum + list.weight, 0)
  const found = new Map<ChunkId, Seen<Item>>()
  for (const list of lists) {
    list.items.forEach((item, i) => {
      const place = { model: list.model, rank: i + 1, distance: item.distance }
      const part = (list.weight / (flatness + place.rank)) * ((flatness + 1) / total)
      const seen = found.get(item.chunkId)
      if (seen === undefined) found.set(item.chunkId, { item, score: part, places: [place] })
      else found.set(item.chunkId, { ...seen, score: seen.score + part, places: [...seen.places, place] })
    })
  }
  const kept = [...found.values()].filter(
    (seen) => aggregation === 'union' || seen.places.length === lists.length,
  )
  return kept
    .map((seen) => ({ ...seen, best: bestOf(seen.places) }))
    .sort((a, b) => b.score - a.score || a.best.rank - b.best.rank)
    .map(({ item, score, places, best }) => ({
      item,
      score,
      distance: best.distance,
      models: Object.fromEntries(
        places.map(({ model, rank, distance }) => [model, { rank, distance }] as const),
      ),
    }))
}

interface Place {
  readonly model: string
  readonly rank: number
  readonly distance: number
}

interface Seen<Item> {
  readonly item: Item
  readonly score: number
  readonly places: readonly [Place, ...Place[]]
}

function bestOf(places: readonly [Place, ...Place[]]): Place {
  return places.reduce((best, place) => (place.rank < best.rank ? place : best))
}
