/**
 * SQL as it is read: sql`select … where id = ${id}`. Interpolated values become parameters; interpolated
 * `Sql` is spliced in, its parameters renumbered. Identifiers go through `ident` and nothing else.
 */
export interface Sql {
  readonly text: string
  readonly values: readonly unknown[]
}

const spliceable = new WeakSet<object>()

function make(text: string, values: readonly unknown[]): Sql {
  const statement: Sql = { text, values }
  spliceable.add(statement)
  return statement
}

function isSql(value: unknown): value is Sql {
  return typeof value === 'object' && value !== null && spliceable.has(value)
}

export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  let text = strings[0] ?? ''
  const values: unknown[] = []
  parts.forEach((part, i) => {
    if (isSql(part)) {
      const base = values.length
      text += part.text.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + base}`)
      values.push(...part.values)
    } else {
      values.push(part)
      text += `$${values.length}`
    }
    text += strings[i + 1] ?? ''
  })
  return make(text, values)
}

/** The one function that quotes identifiers: `ident('public', 'my table')` → `"public"."my table"`. */
export function ident(...names: readonly string[]): Sql {
  return make(names.map(quote).join('.'), [])
}

function quote(name: string): string {
  if (name === '' || name.includes('\0')) throw new TypeError(`Not an identifier: ${JSON.stringify(name)}`)
  return `"${name.replaceAll('"', '""')}"`
}

/** Text of a constant of this program (a keyword, an operator, a number it computed), never of a user. */
export function raw(text: string): Sql {
  return make(text, [])
}

export function join(parts: readonly Sql[], separator = ', '): Sql {
  return parts.reduce((whole, part, i) => (i === 0 ? part : sql`${whole}${raw(separator)}${part}`), raw(''))
}
