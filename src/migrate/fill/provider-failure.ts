import { backOffMs } from '../../core/back-off.ts'
import { type ErrorCode, isRevectorError, type RevectorError } from '../../core/errors.ts'

/** Failures that waiting does not fix and that every batch would have: an operator has to deal with them. */
const lasting: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PROVIDER_REFUSED',
  'PROVIDER_KEY_MISSING',
  'PROVIDER_KEY_WITHHELD',
  'PROVIDER_PACKAGE_MISSING',
  'EMBEDDING_DIMENSION_MISMATCH',
  'CONFIG_INVALID',
  'INVALID_INPUT',
])

const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REPLY_INVALID',
  'RATE_LIMITED',
])

/** A failure of the provider, and whether it may pass; null for any other error. */
export function failureOf(
  error: unknown,
): { readonly error: RevectorError; readonly lasting: boolean } | null {
  if (!isRevectorError(error)) return null
  if (lasting.has(error.code)) return { error, lasting: true }
  return passing.has(error.code) ? { error, lasting: false } : null
}

/** After the n-th failure in a row: half to all of 1 s, 2 s, 4 s … a minute. */
export function providerBackOffMs(failures: number): number {
  return backOffMs(failures, { firstMs: 1_000, longestMs: 60_000 })
}
