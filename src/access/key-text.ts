import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A key: a mark by which leaked ones are found, the public half, 256 random bits. */
const form = /^rvk_([0-9a-f]{16})_[\w-]{43}$/

export interface KeyText {
  readonly id: string
  /** The whole key. Not kept. */
  readonly secret: string
  readonly hash: Buffer
}

export function makeKey(): KeyText {
  const id = randomBytes(8).toString('hex')
  const secret = `rvk_${id}_${randomBytes(32).toString('base64url')}`
  return { id, secret, hash: hashOf(secret) }
}

/** The public half, or null where the text cannot be a key. */
export function idOfKey(secret: string): string | null {
  return form.exec(secret)?.[1] ?? null
}

/** A plain hash is enough: there are 256 random bits to guess, not a word. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** What a key that does not exist is compared with, so that it takes as long as one that does. */
const nobody = Buffer.alloc(32)

/** In a time that says nothing of where they differ. */
export function isKeyOf(secret: string, hash: Buffer | null): boolean {
  return timingSafeEqual(hashOf(secret), hash ?? nobody) && hash !== null
}
