import { setTimeout as wait } from 'node:timers/promises'

/** Whether the work is done after so long; undefined: waits however long it takes. A failure after that is ignored. */
export async function inTime(work: Promise<unknown>, ms: number | undefined): Promise<boolean> {
  const done = work.then(() => true)
  if (ms === undefined) return done
  const over = new AbortController()
  const late = wait(ms, false, { signal: over.signal })
  for (const one of [done, late]) one.catch(() => {})
  try {
    return await Promise.race([done, late])
  } finally {
    over.abort()
  }
}
