import { ProviderFailure } from '../hosted/failure.ts'
import { GivenUp } from '../hosted/retry.ts'

/** How many texts must fail alone before the request itself is suspected. */
const refusedAlone = 3

/**
 * One result for each text of a batch, or the failure of that text alone. Texts without a valid vector are sent
 * again without the others; a batch that is rejected or unusable as a whole is halved until the text is alone.
 * If the first texts that are sent alone all fail, and `proof`, a text that is certainly valid, does too, the
 * cause is the request itself: then the failure is thrown instead of trying every text.
 */
export async function isolate<T, R>(
  batch: readonly T[],
  send: (items: readonly T[]) => Promise<readonly (R | ProviderFailure)[]>,
  proof: () => T,
): Promise<readonly (R | ProviderFailure)[]> {
  let accepted = false
  let refused = 0

  async function attempt(items: readonly T[]): Promise<readonly (R | ProviderFailure)[]> {
    const results = await send(items).catch((error: unknown) => {
      const failure = ofOneText(error)
      return items.map(() => failure)
    })
    const failed = items.filter((_, place) => results[place] instanceof ProviderFailure)
    accepted ||= failed.length < items.length
    if (failed.length === 0) return results
    if (items.length === 1) {
      const [failure] = results
      refused += 1
      if (!accepted && refused >= refusedAlone && !(await isProven())) throw failure
      return results
    }
    if (failed.length < items.length) {
      const again = [...(await attempt(failed))]
      return results.map((result) => (result instanceof ProviderFailure ? (again.shift() ?? result) : result))
    }
    const middle = items.length >> 1
    const first = await attempt(items.slice(0, middle))
    return [...first, ...(await attempt(items.slice(middle)))]
  }

  async function isProven(): Promise<boolean> {
    const [result] = await send([proof()]).catch((error: unknown) => [ofOneText(error)])
    accepted = !(result instanceof ProviderFailure)
    return accepted
  }

  return attempt(batch)
}

/** @throws the error, if no single text can be its cause */
function ofOneText(error: unknown): ProviderFailure {
  const failure = error instanceof GivenUp ? error.failure : error
  if (failure instanceof ProviderFailure && failure.mayBeOneText) return failure
  throw error
}
