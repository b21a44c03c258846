import { hasKey, hasKeyInForce, keyInForce } from '../store/api-keys.ts'
import type { Deps } from '../store/deps.ts'
import type { ApiKey } from '../wire/access.ts'
import { hashOf, idOfKey, isKeyOf } from './key-text.ts'
import type { UseLog } from './use-log.ts'

export interface KeyCheck {
  /** The key that belongs to this text, if it is valid; otherwise null. */
  verify(deps: Pick<Deps, 'db'>, secret: string): Promise<ApiKey | null>
  /** Whether a key was ever made: from then on every request needs one, even after the last key was revoked. */
  required(deps: Pick<Deps, 'db'>): Promise<boolean>
  /** Clears the cache, after this process made or revoked a key. */
  forget(): void
}

/** How long it may take to notice that another process revoked a key, in ms. */
const remembers = 5_000
const mostKeys = 1_000

/**
 * Caches keys by their hash for a moment, so that a burst of requests asks the database once. Texts that are no
 * key are not cached: there could be any number of them.
 */
export function createKeyCheck(uses: Pick<UseLog, 'note'>, now: () => number = Date.now): KeyCheck {
  const known = new Map<string, { readonly key: ApiKey; readonly until: number }>()
  let requiredUntil = 0
  let required = false
  // A result that was read before the cache was cleared must not be cached after it.
  let forgotten = 0

  return {
    async verify({ db }, secret) {
      const id = idOfKey(secret)
      if (id === null) return null
      const hash = hashOf(secret).toString('base64')
      const found = known.get(hash)
      if (found !== undefined && found.until > now()) return found.key
      known.delete(hash)
      const since = forgotten
      const stored = await keyInForce(db, id)
      if (!isKeyOf(secret, stored?.hash ?? null) || stored === null) return null
      uses.note({ db }, id)
      if (since !== forgotten) return stored.key
      if (known.size >= mostKeys) known.clear()
      const ends = stored.key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
      known.set(hash, { key: stored.key, until: Math.min(now() + remembers, ends) })
      return stored.key
    },
    async required({ db }) {
      // Once a key has existed, this never changes back.
      if (required || requiredUntil > now()) return required
      const since = forgotten
      const found = await hasKey(db)
      if (since !== forgotten) return found
      required = found
      requiredUntil = now() + remembers
      return found
    },
    forget() {
      forgotten += 1
      known.clear()
      requiredUntil = 0
      required = false
    },
  }
}

/** Whether any key could be valid. */
export async function anyKeyInForce({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  return hasKeyInForce(db)
}
