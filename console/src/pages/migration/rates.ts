import type { MigrationEvent } from '../../api/shapes.ts'

export interface Rates {
  /** Seconds since the epoch. */
  readonly at: readonly number[]
  readonly rate: readonly (number | null)[]
  /** Seconds that were left by that rate. */
  readonly left: readonly (number | null)[]
}

/** Chunks per second over time, and how long the rest would take at that rate, from the events of batches. */
export function ratesOf(events: readonly MigrationEvent[], total: number, points = 60): Rates | null {
  const batches = events
    .filter((event) => event.type === 'batch')
    .map((event) => ({ at: Date.parse(event.at) / 1000, chunks: Number(event.data['chunks'] ?? 0) }))
  const first = batches[0]
  const last = batches.at(-1)
  if (first === undefined || last === undefined || batches.length < 3 || last.at <= first.at) return null
  const width = Math.max((last.at - first.at) / points, 0.05)
  const buckets = Array.from({ length: Math.floor((last.at - first.at) / width) + 1 }, () => 0)
  for (const batch of batches) {
    const place = Math.floor((batch.at - first.at) / width)
    buckets[place] = (buckets[place] ?? 0) + batch.chunks
  }
  // A batch comes at once and took a while: the rate is a mean over neighbouring buckets.
  const span = Math.max(2, Math.round(buckets.length / 12))
  const rate = buckets.map((_, place) => {
    const around = buckets.slice(Math.max(0, place - span), place + span + 1)
    return around.reduce((sum, chunks) => sum + chunks, 0) / (around.length * width)
  })
  let done = 0
  const left = buckets.map((chunks, place) => {
    done += chunks
    const speed = rate[place] ?? 0
    return speed === 0 ? null : Math.max(0, total - done) / speed
  })
  return { at: buckets.map((_, place) => first.at + place * width), rate, left }
}
