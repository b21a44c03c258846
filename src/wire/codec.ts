import * as z from 'zod'

/**
 * The one conversion between a shape in TypeScript (camelCase, `Date`) and the same shape as JSON (snake_case,
 * ISO 8601). Every shape is declared once, as a zod schema in camelCase; the schema of its JSON, its type and
 * both conversions are derived from it. The keys of records (model names, metadata) are data and stay as they
 * are.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? string extends keyof T
        ? { readonly [Key in keyof T]: Wire<T[Key]> }
        : { readonly [Key in keyof T as Snake<Key>]: Wire<T[Key]> }
      : T

type Snake<Key> = Key extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Key

/** The type that a schema describes, deeply read-only. */
export type Of<Schema extends z.ZodType> = Immutable<z.output<Schema>>

type Immutable<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Immutable<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Immutable<T[Key]> }
      : T

type Convert = (value: unknown) => unknown

interface Compiled {
  /** Describes the JSON. */
  readonly schema: z.ZodType
  /** Null: the value is its own JSON. */
  readonly encode: Convert | null
  readonly decode: Convert | null
}

/** The schema of a shape's JSON: for OpenAPI, for tools of agents, and to check what a caller sent. */
export function wireSchema<Schema extends z.ZodType>(schema: Schema): z.ZodType<Wire<z.output<Schema>>> {
  return compiled(schema).schema as z.ZodType<Wire<z.output<Schema>>>
}

/** To JSON: only the fields that the schema names. Does not check them: TypeScript has. */
export function encode<Schema extends z.ZodType>(schema: Schema, value: Of<Schema>): Wire<z.output<Schema>> {
  return apply(compiled(schema).encode, value) as Wire<z.output<Schema>>
}

/** From JSON that `wireSchema` has checked. */
export function decode<Schema extends z.ZodType>(schema: Schema, wire: unknown): z.output<Schema> {
  return apply(compiled(schema).decode, wire) as z.output<Schema>
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** At every depth: for the data of an error, whose keys are fixed names. Other keys stay as they are. */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      /^[a-z][a-zA-Z0-9]*$/.test(key) ? snakeCase(key) : key,
      snakeKeys(item),
    ]),
  )
}

const known = new WeakMap<z.ZodType, Compiled>()

function compiled(schema: z.ZodType): Compiled {
  const found = known.get(schema)
  if (found !== undefined) return found
  const made = compile(schema)
  const meta = z.globalRegistry.get(schema)
  if (made.schema !== schema && meta !== undefined) z.globalRegistry.add(made.schema, meta)
  known.set(schema, made)
  return made
}

function compile(schema: z.ZodType): Compiled {
  if (schema instanceof z.ZodObject) return compileObject(schema)
  if (schema instanceof z.ZodDate) {
    return {
      schema: z.iso.datetime().describe('ISO 8601, UTC.'),
      encode: (date) => (date as Date).toISOString(),
      decode: (text) => new Date(text as string),
    }
  }
  if (schema instanceof z.ZodArray) {
    const item = compiled(schema.element as z.ZodType)
    return {
      schema: item.schema === schema.element ? schema : schema.clone({ ...schema.def, element: item.schema }),
      encode: each(item.encode),
      decode: each(item.decode),
    }
  }
  if (schema instanceof z.ZodRecord) {
    const value = compiled(schema.valueType as z.ZodType)
    const same = value.schema === schema.valueType
    return {
      schema: same ? schema : schema.clone({ ...schema.def, valueType: value.schema }),
      encode: eachValue(value.encode),
      decode: eachValue(value.decode),
    }
  }
  if (schema instanceof z.ZodUnion) return compileUnion(schema)
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodDefault
  ) {
    const { innerType } = schema.def
    const inner = compiled(innerType as z.ZodType)
    const same = inner.schema === innerType
    // The four kinds differ in what they accept, not in how they hold what they wrap.
    const clone = (schema as z.ZodOptional).clone.bind(schema)
    return {
      schema: same ? schema : clone({ ...(schema as z.ZodOptional).def, innerType: inner.schema }),
      encode: unlessAbsent(inner.encode),
      decode: unlessAbsent(inner.decode),
    }
  }
  return { schema, encode: null, decode: null }
}

function compileObject(schema: z.ZodObject): Compiled {
  // Open to fields that it does not name, which must not be renamed: headers, a message of another protocol.
  if (schema.def.catchall instanceof z.ZodUnknown) return { schema, encode: null, decode: null }
  const fields = Object.entries(schema.shape).map(([key, field]) => {
    const made = compiled(field as z.ZodType)
    return { key, name: snakeCase(key), ...made }
  })
  const shape = Object.fromEntries(fields.map(({ name, schema: field }) => [name, field]))
  const same = fields.every(({ key, name, schema: field }) => key === name && field === schema.shape[key])
  return {
    schema: same ? schema : schema.clone({ ...schema.def, shape }),
    encode: (value) => {
      const wire: Record<string, unknown> = {}
      for (const { key, name, encode } of fields) {
        const field = (value as Record<string, unknown>)[key]
        if (field !== undefined) wire[name] = apply(encode, field)
      }
      return wire
    },
    decode: (wire) => {
      const value: Record<string, unknown> = {}
      for (const { key, name, decode } of fields) {
        const field = (wire as Record<string, unknown>)[name]
        if (field !== undefined) value[key] = apply(decode, field)
      }
      return value
    },
  }
}

/** Distinguished by a literal: `z.discriminatedUnion`. The members of other unions must be their own JSON. */
function compileUnion(schema: z.ZodUnion): Compiled {
  const options = schema.options as readonly z.ZodType[]
  const made = options.map(compiled)
  if (made.every((one, at) => one.schema === options[at] && one.encode === null)) {
    return { schema, encode: null, decode: null }
  }
  if (!(schema instanceof z.ZodDiscriminatedUnion)) throw new Error('A union of shapes needs a discriminator')
  const key = schema.def.discriminator
  const choose = (value: unknown): Compiled | undefined => {
    const at = options.findIndex((option) => {
      const tag = (option as z.ZodObject).shape[key] as z.ZodType
      return tag.safeParse((value as Record<string, unknown>)[key]).success
    })
    return made[at]
  }
  return {
    schema: schema.clone({ ...schema.def, options: made.map((one) => one.schema) as never }),
    encode: (value) => choose(value)?.encode?.(value),
    decode: (wire) => choose(wire)?.decode?.(wire),
  }
}

function apply(convert: Convert | null, value: unknown): unknown {
  return convert === null ? value : convert(value)
}

function each(convert: Convert | null): Convert | null {
  return convert === null ? null : (list) => (list as readonly unknown[]).map(convert)
}

function eachValue(convert: Convert | null): Convert | null {
  if (convert === null) return null
  return (record) =>
    Object.fromEntries(Object.entries(record as object).map(([key, value]) => [key, convert(value)]))
}

function unlessAbsent(convert: Convert | null): Convert | null {
  return convert === null ? null : (value) => (value === null || value === undefined ? value : convert(value))
}
