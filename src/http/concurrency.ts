import { RevectorError } from '../core/errors.ts'

/** A limit on concurrent work. */
export interface Places {
  /** Call it when done; a second call does nothing. @throws RevectorError OVERLOADED */
  take(): () => void
  taken(): number
}

/** Slots for work that is limited. A caller does not wait: without a free slot it gets an error. */
export function createPlaces(most: number, what: string): Places {
  let taken = 0
  return {
    taken: () => taken,
    take() {
      if (taken >= most) {
        throw new RevectorError('OVERLOADED', `${most} ${what} are in progress, which is the limit.`, {
          hint: 'Try again in a moment.',
          data: { limit: most },
        })
      }
      taken += 1
      let held = true
      return () => {
        if (held) taken -= 1
        held = false
      }
    },
  }
}
