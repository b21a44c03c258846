import { RevectorError } from '../core/errors.ts'

/** Our own bodies have few levels; metadata may have more. */
const deepest = 64

/**
 * Parses a JSON body, and refuses what PostgreSQL can't store or no client means: NUL, lone surrogates, numbers
 * beyond a double, nesting that only serves to exhaust a stack.
 *
 * @throws RevectorError REQUEST_MALFORMED, INVALID_INPUT
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const text = decodeText(bytes)
  if (text.trim() === '') {
    throw malformed('The body is empty: expected a JSON document.')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').slice(0, 200) : ''
    throw malformed(`The body is not JSON: ${why}.`)
  }
  const fault = faultOf(value)
  if (fault !== null)
    throw new RevectorError('INVALID_INPUT', `The body contains ${fault}.`, { hint: 'Remove it.' })
  return value
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('The body is not UTF-8.')
  }
}

function malformed(message: string): RevectorError {
  return new RevectorError('REQUEST_MALFORMED', message, { hint: 'Send a JSON document in UTF-8.' })
}

/** Without recursion: the depth is what is being checked. */
function faultOf(root: unknown): string | null {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { value, depth } = at
    const fault = faultOfScalar(value)
    if (fault !== null) return fault
    if (typeof value !== 'object' || value === null) continue
    if (depth >= deepest) return `lists or objects more than ${deepest} deep`
    // Vectors: no need to put every number on the stack.
    if (Array.isArray(value)) {
      for (const item of value) {
        if (typeof item === 'object') open.push({ value: item, depth: depth + 1 })
        else {
          const inside = faultOfScalar(item)
          if (inside !== null) return inside
        }
      }
      continue
    }
    for (const [key, item] of Object.entries(value)) {
      const inKey = faultOfScalar(key)
      if (inKey !== null) return inKey
      if (key === '__proto__') return 'the key __proto__'
      open.push({ value: item, depth: depth + 1 })
    }
  }
  return null
}

function faultOfScalar(value: unknown): string | null {
  if (typeof value === 'string') return faultOfText(value)
  return typeof value === 'number' && !Number.isFinite(value) ? 'a number that is too large' : null
}

/** What no stored text may contain; null: nothing. */
export function faultOfText(text: string): string | null {
  if (text.includes('\0')) return 'a NUL character'
  return text.isWellFormed() ? null : 'half of a surrogate pair'
}
