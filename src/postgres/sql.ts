/**
 * SQL as it reads: sql`select … where id = ${id}`. Interpolated values become parameters; interpolated `Sql` is
 * spliced in and its parameters renumbered. Identifiers go through `ident` and nothing else.
 */
export interface Sql {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * The text between the parameters of a statement: always one more piece than there are parameters. Stored so
 * that a `$1` inside a literal or a function's body is never mistaken for a parameter. A private symbol marks
 * what may be spliced; no value from outside can carry it.
 */
const pieces = Symbol('pieces')

/** The interpolated values, one per place; `values` holds a value that several places share only once. */
const interpolated = Symbol('interpolated')
const shared = Symbol('shared')

interface Spliceable extends Sql {
  readonly [pieces]: readonly string[]
  readonly [interpolated]: readonly unknown[]
}

interface Shared {
  readonly [shared]: unknown
}

function isShared(value: unknown): value is Shared {
  return typeof value === 'object' && value !== null && shared in value
}

/** The protocol counts parameters in 16 bits. */
const maxParameters = 65_535

function make(strings: readonly string[], given: readonly unknown[]): Sql {
  const values: unknown[] = []
  const numbers = new Map<Shared, number>()
  let text = strings[0] ?? ''
  given.forEach((value, i) => {
    let number = isShared(value) ? numbers.get(value) : undefined
    if (number === undefined) {
      number = values.push(isShared(value) ? value[shared] : value)
      if (isShared(value)) numbers.set(value, number)
    }
    text += `$${number}${strings[i + 1] ?? ''}`
  })
  if (values.length > maxParameters) {
    throw new RangeError(
      `${values.length} parameters in one statement, at most ${maxParameters}: pass an array.`,
    )
  }
  const statement: Spliceable = { text, values, [pieces]: strings, [interpolated]: given }
  return statement
}

function isSpliceable(value: unknown): value is Spliceable {
  return typeof value === 'object' && value !== null && pieces in value
}

export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  return splice(strings, parts)
}

function splice(strings: readonly string[], parts: readonly unknown[]): Sql {
  const whole: string[] = []
  const values: unknown[] = []
  let open = strings[0] ?? ''
  parts.forEach((part, i) => {
    const next = strings[i + 1] ?? ''
    if (!isSpliceable(part)) {
      whole.push(open)
      values.push(part)
      open = next
      return
    }
    open += part[pieces][0] ?? ''
    for (const piece of part[pieces].slice(1)) {
      whole.push(open)
      open = piece
    }
    for (const value of part[interpolated]) values.push(value)
    open += next
  })
  return make([...whole, open], values)
}

/** A value that a statement uses in several places and sends once: a large one, such as a vector. */
export function parameter(value: unknown): Sql {
  const one: Shared = { [shared]: value }
  return make(['', ''], [one])
}

/** The one function that quotes identifiers: `ident('public', 'my table')` → `"public"."my table"`. */
export function ident(...names: readonly string[]): Sql {
  return make([names.map(quote).join('.')], [])
}

/** The server truncates longer names, so that two could become one. */
const maxIdentifierBytes = 63

function quote(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > maxIdentifierBytes) {
    throw new TypeError(`Not an identifier of 1 to ${maxIdentifierBytes} bytes: ${JSON.stringify(name)}`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** The text of a constant of this program (a keyword, an operator, a number it computed), never of a user. */
export function raw(text: string): Sql {
  return make([text], [])
}

export function join(parts: readonly Sql[], separator = ', '): Sql {
  if (parts.length === 0) return raw('')
  return splice(['', ...parts.slice(1).map(() => separator), ''], parts)
}
