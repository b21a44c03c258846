import { setImmediate as nextTurn } from 'node:timers/promises'

/** Long enough to cost nothing, short enough that several of them in a row keep no request waiting. */
const longestMs = 10

/**
 * For work that goes through many items in the process that answers requests: call it before each item, and await what it
 * returns. Whenever the work has held the process for some milliseconds, others come first.
 *
 *     const pause = takingTurns()
 *     for (const item of items) {
 *       await pause()
 *       …
 */
export function takingTurns(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < longestMs) return undefined
    return nextTurn().then(() => {
      since = performance.now()
    })
  }
}

/** Items in pieces of at most `length`; all of them in one, if they are no more. */
export function* inPieces<Item>(items: readonly Item[], length: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += length) {
    yield length >= items.length ? items : items.slice(at, at + length)
  }
}
