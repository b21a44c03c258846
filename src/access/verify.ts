import { hasKey, hasKeyInForce, keyInForce, noteUse } from '../store/api-keys.ts'
import type { Deps } from '../store/deps.ts'
import type { ApiKey } from '../wire/access.ts'
import { hashOf, idOfKey, isKeyOf } from './key-text.ts'

export interface KeyCheck {
  /** The key that this text is, while it is in force; null for any other text. */
  verify(deps: Pick<Deps, 'db'>, secret: string): Promise<ApiKey | null>
  /** Whether a key was ever made here: from then on requests need one, also when the last was revoked. */
  required(deps: Pick<Deps, 'db'>): Promise<boolean>
  /** Forgets what it knows: after a key was made or revoked by this process. */
  forget(): void
}

/** How long another process's revocation may take to be noticed here, ms. */
const remembers = 5_000
const mostKeys = 1_000

/**
 * Remembers keys for a moment, by their hash, so that a burst of requests asks the database once. Texts that are no key are
 * not remembered: they could be any number.
 */
export function createKeyCheck(now: () => number = Date.now): KeyCheck {
  const known = new Map<string, { readonly key: ApiKey; readonly until: number }>()
  let requiredUntil = 0
  let required = false
  // What was read before something was forgotten is not remembered after it.
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
      await noteUse(db, id)
      if (since !== forgotten) return stored.key
      if (known.size >= mostKeys) known.clear()
      const ends = stored.key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
      known.set(hash, { key: stored.key, until: Math.min(now() + remembers, ends) })
      return stored.key
    },
    async required({ db }) {
      // Once there was a key there will always have been one.
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

/** Whether anybody could get in. */
export async function anyKeyInForce({ db }: Pick<Deps, 'db'>): Promise<boolean> {
  return hasKeyInForce(db)
}
