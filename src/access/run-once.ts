import { createHash, randomUUID } from 'node:crypto'
import type { KeptAnswer } from '../core/access.ts'
import { RevectorError } from '../core/errors.ts'
import type { Database } from '../postgres/database.ts'
import type { Deps } from '../store/deps.ts'
import { claimKey, dropExpired, giveBackClaim, keepAnswer, renewClaim } from '../store/idempotency-keys.ts'

export interface RepeatableRequest {
  /** Id of the API key that sends the request; empty without one. Keys of different owners never collide. */
  readonly owner: string
  /** The client's Idempotency-Key, 1 to 255 printable characters. */
  readonly key: string
  /** What identifies the request: method, address and body. Hashed here. */
  readonly request: string | Uint8Array | readonly (string | Uint8Array)[]
}

export interface OnceAnswer extends KeptAnswer {
  /** The request was answered before; nothing was done now. */
  readonly replayed: boolean
}

/**
 * A process renews its claim while it works; after it dies, a repeated request may try again after this long.
 */
const leaseMs = 30_000
const keepMs = 24 * 60 * 60_000
const sweepMs = 60 * 60_000

/**
 * Runs a request once: repeating it with the same key returns the first answer. A failed request may be retried
 * under the same key.
 *
 * @throws RevectorError IDEMPOTENCY_CONFLICT for another request under the key, or while the first is being answered;
 * INVALID_INPUT for an unfit key
 */
export async function runOnce(
  { db }: Pick<Deps, 'db'>,
  { owner, key, request }: RepeatableRequest,
  work: () => Promise<KeptAnswer>,
): Promise<OnceAnswer> {
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new RevectorError('INVALID_INPUT', 'An Idempotency-Key is 1 to 255 printable ASCII characters.', {
      hint: 'A UUID is a good one.',
    })
  }
  const mine = { owner, key, claim: randomUUID() }
  const requestHash = hashOf(request)
  const stored = await claimKey(db, { ...mine, requestHash, leaseMs, keepMs })
  if (stored === null) throw busy(1)
  if (!stored.requestHash.equals(requestHash)) {
    throw new RevectorError(
      'IDEMPOTENCY_CONFLICT',
      'This Idempotency-Key was used for another request. Repeat a request with the same method, address and body.',
      { hint: 'Use a new key for each request.' },
    )
  }
  if (stored.answer !== null) return { ...stored.answer, replayed: true }
  if (stored.claim !== mine.claim) throw busy(Math.ceil(stored.leaseMs / 1_000))

  const renewal = setInterval(() => void renewClaim(db, { ...mine, leaseMs }).catch(() => {}), leaseMs / 3)
  renewal.unref()
  let answer: KeptAnswer
  try {
    answer = await work()
  } catch (error) {
    clearInterval(renewal)
    await giveBackClaim(db, mine).catch(() => {})
    throw error
  }
  clearInterval(renewal)
  // The work is done, so the caller gets the answer even if it cannot be stored. An error would make it send
  // the request again.
  await db.transaction((tx) => keepAnswer(tx, { ...mine, answer }), { idempotent: true }).catch(() => {})
  return { ...answer, replayed: false }
}

const sweptAt = new WeakMap<Database, number>()

/** Deletes answers older than a day, at most once an hour. */
export async function sweepKept({ db }: Pick<Deps, 'db'>, now = Date.now()): Promise<void> {
  if (now - (sweptAt.get(db) ?? 0) < sweepMs) return
  sweptAt.set(db, now)
  await dropExpired(db)
}

function busy(seconds: number): RevectorError {
  return new RevectorError(
    'IDEMPOTENCY_CONFLICT',
    'The first request with this Idempotency-Key is still being processed.',
    {
      hint: 'Send it again in a moment to get the answer to the first request.',
      data: { retryAfterSeconds: Math.max(1, seconds) },
    },
  )
}

/** Each part is prefixed with its length, so that different lists never give the same text. */
function hashOf(request: RepeatableRequest['request']): Buffer {
  const hash = createHash('sha256')
  const parts = typeof request === 'string' || request instanceof Uint8Array ? [request] : request
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    hash.update(`${bytes.byteLength}:`).update(bytes)
  }
  return hash.digest()
}
