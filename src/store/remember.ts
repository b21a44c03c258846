import { type Counts, cheapRows } from './coverage.ts'

/**
 * Counts again, or returns what was counted a moment ago: up to 20,000 chunks are counted each time, in a few ms; the
 * counts of more stand for twenty times as long as they took (some seconds for a million chunks). After half of that
 * time they are counted again beside the callers, so that who asks regularly never waits. The key names what is counted.
 */
export type Remember = <T extends Pick<Counts, 'chunks'>>(key: string, count: () => Promise<T>) => Promise<T>

interface Remembered {
  readonly counts: Pick<Counts, 'chunks'>
  readonly at: number
  readonly tookMs: number
}

/** A count stands for so many times as long as it took. */
export const standsFor = 20
/** Keys come and go with models and migrations. */
const mostKeys = 100

export function createRemember(now: () => number = () => performance.now()): Remember {
  const known = new Map<string, Remembered>()
  const running = new Map<string, Promise<Pick<Counts, 'chunks'>>>()

  async function take<T extends Pick<Counts, 'chunks'>>(key: string, count: () => Promise<T>): Promise<T> {
    const began = now()
    const counts = await count()
    if (known.size >= mostKeys) known.clear()
    known.set(key, { counts, at: now(), tookMs: now() - began })
    return counts
  }

  /** One for all who ask meanwhile. */
  function shared<T extends Pick<Counts, 'chunks'>>(key: string, count: () => Promise<T>): Promise<T> {
    const begun = running.get(key) ?? take(key, count).finally(() => running.delete(key))
    running.set(key, begun)
    // A key names one count, of one type.
    return begun as Promise<T>
  }

  return async <T extends Pick<Counts, 'chunks'>>(key: string, count: () => Promise<T>): Promise<T> => {
    const last = known.get(key)
    if (last === undefined || last.counts.chunks <= cheapRows) return take(key, count)
    const age = now() - last.at
    if (age >= standsFor * last.tookMs) return shared(key, count)
    // If it fails, what is remembered stands, and a later call counts.
    if (age >= (standsFor / 2) * last.tookMs) shared(key, count).catch(() => undefined)
    return last.counts as T
  }
}

/** Counts each time. */
export const countAnew: Remember = (_key, count) => count()
