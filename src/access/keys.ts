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
 * Makes a key. `secret` is the key itself: this is the only time that it can be seen.
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
      throw new RevectorError('KEY_EXISTS', `A key named "${key.name}" is in force already.`, {
        hint: 'Choose another name, or revoke that one first.',
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
      throw new RevectorError('NOT_FOUND', 'No key of this id or name is in force.', {
        hint: 'See `revector keys list`.',
      })
    }
    const { id, name } = revoked
    await insertAuditEntry(tx, { actor, action: 'keys.revoke', subject: id, data: { name } })
    return revoked
  })
}

function refuseUnfit({ name, scope, requestsPerMinute, expiresAt }: NewApiKey): void {
  // Letters, digits and marks that need no quoting: a name stands in logs and commands.
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]*$/u.test(name) || name.length > longestName) {
    throw unfit(
      `A key's name is 1 to ${longestName} letters, digits, spaces and ._@:/- and begins with a letter or digit.`,
      'Give it another name.',
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
      'Leave it out for the service’s limit.',
    )
  }
  if (expiresAt !== undefined && !(expiresAt.getTime() > Date.now())) {
    throw unfit(
      'A key ends in the future: what was given is past, or no date.',
      'Leave it out for a key without end.',
    )
  }
}

function unfit(message: string, hint: string): RevectorError {
  return new RevectorError('INVALID_INPUT', message, { hint })
}
