import { scopes } from '../core/access.ts'
import { thisActor } from '../core/actor.ts'
import { RevectorError } from '../core/errors.ts'
import { insertKey, revokeKey as revokeRow } from '../store/api-keys.ts'
import { insertAuditEntry } from '../store/audit-log.ts'
import type { Deps } from '../store/deps.ts'
import type { ApiKey, NewApiKey } from '../wire/access.ts'
import { makeKey } from './key-text.ts'

const longestName = 100

/**
 * Makes a key. `secret` is the key itself, and only returned here.
 *
 * @throws RevectorError INVALID_INPUT, KEY_EXISTS
 */
export async function createKey(
  { db }: Pick<Deps, 'db'>,
  { actor = thisActor(), ...key }: NewApiKey & { readonly actor?: string },
): Promise<{ readonly key: ApiKey; readonly secret: string }> {
  refuseUnfit(key)
  const { id, secret, hash } = makeKey()
  const created = await db.transaction(async (tx) => {
    const row = await insertKey(tx, { ...key, id, hash, createdBy: actor })
    if (row === null) {
      throw new RevectorError('KEY_EXISTS', `There is already a valid key named "${key.name}".`, {
        hint: 'Choose another name, or revoke that key first.',
        data: { name: key.name },
      })
    }
    const { name, scope, requestsPerMinute, expiresAt } = row
    const data = { name, scope, requestsPerMinute, expiresAt }
    await insertAuditEntry(tx, { actor, action: 'keys.create', subject: id, data })
    return row
  })
  return { key: created, secret }
}

/** @throws RevectorError NOT_FOUND */
export async function revokeKey(
  { db }: Pick<Deps, 'db'>,
  idOrName: string,
  { actor = thisActor() }: { readonly actor?: string } = {},
): Promise<ApiKey> {
  return db.transaction(async (tx) => {
    const revoked = idOrName.includes('\0') ? null : await revokeRow(tx, idOrName)
    if (revoked === null) {
      throw new RevectorError('NOT_FOUND', 'There is no valid key with this id or name.', {
        hint: 'List the keys with `revector keys list`.',
      })
    }
    const { id, name } = revoked
    await insertAuditEntry(tx, { actor, action: 'keys.revoke', subject: id, data: { name } })
    return revoked
  })
}

function refuseUnfit({ name, scope, requestsPerMinute, expiresAt }: NewApiKey): void {
  // Letters, digits and marks that need no quoting, because a name appears in logs and commands.
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]*$/u.test(name) || name.length > longestName) {
    throw unfit(
      `A key's name is 1 to ${longestName} letters, digits, spaces and ._@:/- and begins with a letter or digit.`,
      'Choose another name.',
    )
  }
  if (!scopes.includes(scope)) {
    throw unfit(`A scope is one of ${scopes.join(', ')}.`, 'Each includes those before it.')
  }
  if (
    requestsPerMinute !== undefined &&
    !(Number.isInteger(requestsPerMinute) && requestsPerMinute >= 1 && requestsPerMinute <= 1_000_000)
  ) {
    throw unfit(
      `Requests per minute are a whole number from 1 to 1,000,000, got ${requestsPerMinute}.`,
      'Leave it out to use the service’s limit.',
    )
  }
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) {
    throw unfit(
      'A key must expire in the future: the given date is past or not a date.',
      'Leave it out for a key that does not expire.',
    )
  }
}

function unfit(message: string, hint: string): RevectorError {
  return new RevectorError('INVALID_INPUT', message, { hint })
}
