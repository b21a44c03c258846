import { RevectorError } from '../core/errors.ts'

/** A limit on concurrent work. */
export interface Places {
  /** Call it when done; a second call does nothing. @throws RevectorError OVERLOADED */
  take(owner?: string): () => void
  taken(): number
}

/**
 * Slots for work that is limited. A caller does not wait: without a free slot it gets an error.
 *
 * @param most for one owner
 * @param all for all owners together; default: as many
 */
export function createPlaces(most: number, what: string, all = most): Places {
  const taken = new Map<string, number>()
  const sum = () => [...taken.values()].reduce((total, count) => total + count, 0)
  return {
    taken: sum,
    take(owner = '') {
      const own = taken.get(owner) ?? 0
      if (own >= most || sum() >= all) {
        const limit = own >= most ? most : all
        throw new RevectorError('OVERLOADED', `${limit} ${what} are in progress, which is the limit.`, {
          hint: 'Try again in a moment.',
          data: { limit },
        })
      }
      taken.set(owner, own + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const left = (taken.get(owner) ?? 1) - 1
        if (left === 0) taken.delete(owner)
        else taken.set(owner, left)
      }
    },
  }
}
