import { RevectorError } from '../core/errors.ts'

/** So many at once. */
export interface Places {
  /** Call it when done; a second call does nothing. @throws RevectorError OVERLOADED */
  take(): () => void
  taken(): number
}

/** Places for what may only be done so many times at once. Nobody waits: who finds none is asked to come again. */
export function createPlaces(most: number, what: string): Places {
  let taken = 0
  return {
    taken: () => taken,
    take() {
      if (taken >= most) {
        throw new RevectorError('OVERLOADED', `${most} ${what} are under way, as many as allowed.`, {
          hint: 'Come again in a moment.',
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
