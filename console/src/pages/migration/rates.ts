import type { MigrationEvent } from '../../api/shapes.ts'

export interface Rates {
  /** Seconds since the epoch. */
  readonly at: readonly number[]
  /** Chunks per second. */
  readonly rate: readonly number[]
  /** Seconds left at that rate. */
  readonly left: readonly number[]
}

/** How fast chunks were embedded, from the events of batches. An event marks the end of a batch that took a while, so the
 * rate at a batch is measured over the batches before it: over at least `least` of them and a tenth of the whole time.
 */
export function ratesOf(
  events: readonly MigrationEvent[],
  total: number,
  { least = 3, points = 240 } = {},
): Rates | null {
  const begin = events.find((event) => event.type === 'enqueued' || event.type === 'batch')
  const batches = events.filter((event) => event.type === 'batch')
  if (begin === undefined || batches.length < 3) return null
  let done = 0
  const marks = [{ at: secondsOf(begin), done }]
  for (const batch of batches) {
    done += Number(batch.data['chunks'] ?? 0)
    marks.push({ at: secondsOf(batch), done })
  }
  const span = ((marks.at(-1)?.at ?? 0) - (marks[0]?.at ?? 0)) / 10
  const rates = marks.flatMap((mark, place) => {
    const before = marks
      .slice(0, Math.max(1, place - least + 1))
      .findLast((one) => mark.at - one.at >= span && mark.at > one.at)
    const from = before ?? marks[0]
    if (place === 0 || from === undefined || mark.at <= from.at) return []
    const rate = (mark.done - from.done) / (mark.at - from.at)
    return [{ at: mark.at, rate, left: rate === 0 ? 0 : Math.max(0, total - mark.done) / rate }]
  })
  const every = Math.ceil(rates.length / points)
  const kept = rates.filter((_, place) => place % every === 0 || place === rates.length - 1)
  if (kept.length < 2) return null
  return {
    at: kept.map(({ at }) => at),
    rate: kept.map(({ rate }) => rate),
    left: kept.map(({ left }) => left),
  }
}

const secondsOf = (event: MigrationEvent): number => Date.parse(event.at) / 1000
