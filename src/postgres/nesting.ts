import { AsyncLocalStorage } from 'node:async_hooks'
import { RevectorError } from '../core/errors.ts'

/**
 * Detects a database that is used inside its own transaction or session. On the embedded engine, which has one
 * session, it would wait for itself forever; on a server it would not see the transaction's rows. Refused on
 * both.
 */
export interface Nesting {
  /** Runs `work` as the inside of a transaction or session. */
  enter<T>(work: () => Promise<T>): Promise<T>
  /** @throws RevectorError INTERNAL when called from inside one that is still open */
  assertOutside(): void
}

export function createNesting(): Nesting {
  const inside = new AsyncLocalStorage<{ open: boolean }>()
  return {
    enter: async (work) => {
      const scope = { open: true }
      try {
        return await inside.run(scope, work)
      } finally {
        scope.open = false
      }
    },
    assertOutside: () => {
      if (inside.getStore()?.open !== true) return
      throw new RevectorError('INTERNAL', 'The database was used inside its own transaction or session.', {
        hint: 'Use the queryable that the transaction or session received.',
      })
    },
  }
}
