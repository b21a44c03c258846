/**
 * SQL as it is read: sql`select … where id = ${id}`. Interpolated values become parameters; interpolated
 * `Sql` is spliced in, its parameters renumbered. Identifiers go through `ident` and nothing else.
 */
export interface Sql {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * The text between the parameters of each statement made here: always one more than there are parameters. Kept so
 * that a `$1` inside a literal or a function's body is never taken for a parameter.
 */
const pieces = new WeakMap<object, readonly string[]>()

/** The protocol counts parameters in 16 bits. */
const maxParameters = 65_535

function make(strings: readonly string[], values: readonly unknown[]): Sql {
  if (values.length > maxParameters) {
    throw new RangeError(
      `${values.length} parameters in one statement, at most ${maxParameters}: pass an array.`,
    )
  }
  const text = strings.reduce((whole, piece, i) => `${whole}$${i}${piece}`)
  const statement: Sql = { text, values }
  pieces.set(statement, strings)
  return statement
}

function piecesOf(value: unknown): readonly string[] | undefined {
  return typeof value === 'object' && value !== null ? pieces.get(value) : undefined
}

export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  return splice(strings, parts)
}

function splice(strings: readonly string[], parts: readonly unknown[]): Sql {
  const whole: string[] = [strings[0] ?? '']
  const values: unknown[] = []
  const append = (text: string): void => {
    whole.push(`${whole.pop() ?? ''}${text}`)
  }
  parts.forEach((part, i) => {
    const [first, ...rest] = piecesOf(part) ?? ['', '']
    append(first ?? '')
    whole.push(...rest)
    values.push(...(piecesOf(part) === undefined ? [part] : (part as Sql).values))
    append(strings[i + 1] ?? '')
  })
  return make(whole, values)
}

/** The one function that quotes identifiers: `ident('public', 'my table')` → `"public"."my table"`. */
export function ident(...names: readonly string[]): Sql {
  return make([names.map(quote).join('.')], [])
}

/** Longer names are cut by the server, so that two could become one. */
const maxIdentifierBytes = 63

function quote(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > maxIdentifierBytes) {
    throw new TypeError(`Not an identifier of 1 to ${maxIdentifierBytes} bytes: ${JSON.stringify(name)}`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** Text of a constant of this program (a keyword, an operator, a number it computed), never of a user. */
export function raw(text: string): Sql {
  return make([text], [])
}

export function join(parts: readonly Sql[], separator = ', '): Sql {
  if (parts.length === 0) return raw('')
  return splice(['', ...parts.slice(1).map(() => separator), ''], parts)
}
