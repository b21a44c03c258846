import { grouped } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'

type Parse<T> = (text: string) => T

/** For commander's `.option(flags, text, parse)`: a whole number within bounds, or a sentence. */
export function wholeNumber(flag: string, min: number, max = Number.MAX_SAFE_INTEGER): Parse<number> {
  const range =
    max === Number.MAX_SAFE_INTEGER
      ? `of at least ${grouped(min)}`
      : `from ${grouped(min)} to ${grouped(max)}`
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw invalid(flag, `a whole number ${range}`, text)
  }
}

export function decimal(flag: string): Parse<number> {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(value)) return value
    throw invalid(flag, 'a number', text)
  }
}

/** `2026-01-31`, or with a time: `2026-01-31T12:00:00Z`. A date alone means the start of the day in UTC. */
export function date(flag: string): Parse<Date> {
  return (text) => {
    const value = /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(text) ? new Date(text) : new Date(Number.NaN)
    if (!Number.isNaN(value.getTime())) return value
    throw invalid(flag, 'a date such as 2026-01-31 or 2026-01-31T12:00:00Z', text)
  }
}

export function oneOf<const T extends string>(flag: string, choices: readonly T[]): Parse<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text)
    if (found !== undefined) return found
    throw invalid(flag, `one of ${choices.join(', ')}`, text)
  }
}

export function nonEmpty(flag: string): Parse<string> {
  return (text) => {
    if (text.trim() !== '') return text
    throw invalid(flag, 'some text', text)
  }
}

/** `A,B` → two names or more. */
export function names(flag: string): Parse<readonly string[]> {
  return (text) => {
    const found = text.split(',').map((name) => name.trim())
    if (found.every((name) => name !== '')) return found
    throw invalid(flag, 'names separated by commas', text)
  }
}

/** For options that may be repeated. */
export function repeated<T>(
  parse: Parse<T>,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, parse(text)]
}

/** `key=value`; a value that is a JSON number, true, false, null or quoted string is parsed as such. */
export function keyValue(flag: string): Parse<readonly [string, unknown]> {
  return (text) => {
    const at = text.indexOf('=')
    if (at < 1) throw invalid(flag, 'key=value', text)
    return [text.slice(0, at), jsonOrText(text.slice(at + 1))]
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function invalid(flag: string, expected: string, received: string): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `${flag}: expected ${expected}, got ${JSON.stringify(received)}.`,
    { hint: 'Add --help to the command to see its options.', data: { option: flag, expected, received } },
  )
}
