import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A key: a prefix by which scanners find leaked ones, the public half, 256 random bits. */
const form = /^rvk_([0-9a-f]{16})_[\w-]{43}$/

export interface KeyText {
  readonly id: string
  /** The whole key. Never stored. */
  readonly secret: string
  readonly hash: Buffer
}

export function makeKey(): KeyText {
  const id = randomBytes(8).toString('hex')
  const secret = `rvk_${id}_${randomBytes(32).toString('base64url')}`
  return { id, secret, hash: hashOf(secret) }
}

/** The public half, or null if the text cannot be a key. */
export function idOfKey(secret: string): string | null {
  return form.exec(secret)?.[1] ?? null
}

/** A plain hash is enough: 256 random bits cannot be guessed as a password can. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Compared with when a key does not exist, so that this takes as long as for one that does. */
const hashOfNoKey = Buffer.alloc(32)

/** In constant time: the duration does not tell where the hashes differ. */
export function isKeyOf(secret: string, hash: Buffer | null): boolean {
  return timingSafeEqual(hashOf(secret), hash ?? hashOfNoKey) && hash !== null
}
