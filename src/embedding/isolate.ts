import { ProviderFailure } from '../hosted/failure.ts'
import { GivenUp } from '../hosted/retry.ts'

/**
 * Providers refuse a whole request because of one text. A refused batch is halved until the text stands
 * alone; the others get their vectors. When the first texts that stand alone are all refused, the request
 * itself is at fault: then the refusal is thrown instead of asking once for every text.
 */
export async function isolate<T, R>(
  batch: readonly T[],
  send: (items: readonly T[]) => Promise<readonly (R | ProviderFailure)[]>,
): Promise<readonly (R | ProviderFailure)[]> {
  const refusedAlone = 3
  let accepted = 0
  let refused = 0

  async function attempt(items: readonly T[]): Promise<readonly (R | ProviderFailure)[]> {
    try {
      const results = await send(items)
      accepted += results.length
      return results
    } catch (error) {
      const failure = error instanceof GivenUp ? error.failure : error
      if (!(failure instanceof ProviderFailure) || !failure.mayBeOneText) throw error
      if (items.length === 1) {
        refused += 1
        if (accepted === 0 && refused >= refusedAlone) throw error
        return [failure]
      }
      const middle = items.length >> 1
      const first = await attempt(items.slice(0, middle))
      return [...first, ...(await attempt(items.slice(middle)))]
    }
  }

  return attempt(batch)
}
