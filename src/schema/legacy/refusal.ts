import { type ErrorData, RevectorError } from '../../core/errors.ts'

/** The problem as a sentence, and what the owner can do about it. Nothing has been changed. */
export function refused(message: string, hint: string, data: ErrorData = {}): RevectorError {
  return new RevectorError('UPGRADE_REFUSED', message, { hint, data })
}

/** `a, b and c`, quoted. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`)
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
