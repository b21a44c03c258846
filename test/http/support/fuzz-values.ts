/** A sequence that depends on its seed alone. */
export interface Chance {
  /** 0 to 1, without 1. */
  next(): number
  below(limit: number): number
  pick<T>(from: readonly T[]): T
  happens(share: number): boolean
}

/** Mulberry32: 32 bits of state are enough to tell two runs apart. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    happens: (share) => next() < share,
    pick<T>(from: readonly T[]): T {
      return from[below(from.length)] as T
    },
  }
}

const long = 'a'.repeat(70_000)

/** Texts that have broken something somewhere. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  "'",
  "' or true --",
  "1'; drop table documents; --",
  "'; select pg_sleep(20); --",
  '") union select secret from revector_api_keys --',
  '$1',
  '$$; delete from chunks; $$',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template engine would take for its own
  '${process.exit(1)}',
  '{{constructor.constructor("return process")()}}',
  '<script>alert(1)</script>',
  '%s%n%x',
  '%00',
  '%27%20or%201=1',
  '\\',
  '\\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202e\u200b',
  '\u{1F469}\u200D\u{1F692}',
  'İıſ',
  '../../../../etc/passwd',
  'file:///etc/passwd',
  'http://169.254.169.254/',
  '-1',
  '0',
  '9223372036854775808',
  '1e309',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'embedding_64',
  '-- ',
  '/*',
  '\r\nX-Injected: yes',
  '2026-13-45T99:99:99Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  'x'.repeat(1_001),
  long,
]

const hostileNumbers: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  1_000,
  1_001,
  16_000,
  16_001,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e308,
  5e-324,
]

const deep = (depth: number): unknown => (depth === 0 ? 'end' : { in: [deep(depth - 1)] })

/** Something that is not what was asked for. */
export function hostile(by: Chance): unknown {
  switch (by.below(8)) {
    case 0:
      return by.pick(hostileNumbers)
    case 1:
      return by.pick([true, false, null])
    case 2:
      return []
    case 3:
      return Array.from({ length: by.below(200) }, () => by.pick(hostileNumbers))
    case 4:
      return deep(by.pick([2, 20, 40, 200]))
    case 5:
      return { [by.pick(hostileTexts)]: by.pick(hostileTexts) }
    default:
      return by.pick(hostileTexts)
  }
}

export interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
}

/** Mostly what the schema asks for; here and there, and in few places at once, something else. `known` are good texts by field. */
export function sampleOf(
  schema: Schema,
  by: Chance,
  known: Readonly<Record<string, readonly unknown[]>>,
  field = '',
): unknown {
  if (by.happens(0.08)) return hostile(by)
  const good = known[field]
  // Another provider would be asked for its key.
  if (good !== undefined && (field === 'provider' || by.happens(0.8))) return by.pick(good)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return by.pick(schema.enum)
  if (schema.anyOf !== undefined) return sampleOf(by.pick(schema.anyOf), by, known, field)
  switch (schema.type) {
    case 'object':
      return objectOf(schema, by, known)
    case 'array':
      return Array.from({ length: by.below(4) }, () => sampleOf(schema.items ?? {}, by, known, field))
    case 'integer':
    case 'number': {
      const low = Math.max(schema.minimum ?? 0, -1_000)
      const high = Math.min(schema.maximum ?? 20, 20)
      return low + by.below(Math.max(1, high - low))
    }
    case 'boolean':
      return by.happens(0.5)
    case 'null':
      return null
    case 'string':
      if (schema.format === 'date-time') return by.pick(['2026-01-01T00:00:00Z', '1999-12-31T23:59:59.5Z'])
      return by.happens(0.5) ? by.pick(['tea', 'green', 'a b c']) : by.pick(hostileTexts)
    default:
      return hostile(by)
  }
}

function objectOf(
  schema: Schema,
  by: Chance,
  known: Readonly<Record<string, readonly unknown[]>>,
): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const wanted = (schema.required ?? []).includes(name) ? 0.97 : 0.35
    if (by.happens(wanted)) made[name] = sampleOf(one, by, known, name)
  }
  if (schema.properties === undefined || by.happens(0.03)) {
    for (let i = by.below(3); i > 0; i--) made[by.pick(hostileTexts)] = hostile(by)
  }
  return made
}
