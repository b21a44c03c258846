import { isRevectorError } from '../core/errors.ts'
import { type KeyUse, noteUses } from '../store/api-keys.ts'
import type { Deps } from '../store/deps.ts'

/** Remembers when keys were used, and writes it beside the requests: a request never waits for that, or fails by it. */
export interface UseLog {
  note(deps: Pick<Deps, 'db'>, keyId: string): void
  /** Writes what is remembered. A database that takes no writes is no error: then the uses are not recorded. */
  flush(): Promise<void>
}

/** `lastUsedAt` is exact to the minute, so it may be this late. */
const flushAfterMs = 5_000

export function createUseLog(now: () => number = Date.now): UseLog {
  let uses = new Map<string, KeyUse>()
  let database: Deps['db'] | null = null
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (database === null || uses.size === 0) return
    const taken = uses
    uses = new Map()
    try {
      await noteUses(database, [...taken.values()])
    } catch (error) {
      if (
        isRevectorError(error, 'DATABASE_READ_ONLY') ||
        isRevectorError(error, 'DATABASE_PERMISSION_DENIED')
      )
        return
      // Tried again with the next use; a later use of the same key has replaced this one by then.
      uses = new Map([...taken, ...uses])
    }
  }
  function flush(): Promise<void> {
    writing = writing.then(write)
    return writing
  }

  return {
    note({ db }, id) {
      database = db
      uses.set(id, { id, at: new Date(now()) })
      if (timer !== null) return
      timer = setTimeout(() => void flush(), flushAfterMs)
      timer.unref()
    },
    flush,
  }
}
