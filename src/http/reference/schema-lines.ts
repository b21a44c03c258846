import * as z from 'zod'

export interface SchemaLine {
  /** `hits[].score`: where it stands. */
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly meaning: string
}

interface Json {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Json | boolean
  readonly items?: Json
  readonly anyOf?: readonly Json[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly format?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Json>>
}

const deepest = 4

/** The fields of a schema, one a line, those inside others by their path. */
export function schemaLines(schema: z.ZodType, io: 'input' | 'output'): readonly SchemaLine[] {
  const whole = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  const resolve = (json: Json): Json => {
    const name = json.$ref?.split('/').at(-1)
    const found = name === undefined ? undefined : whole.$defs?.[name]
    return found === undefined ? json : { ...found, description: json.description ?? found.description }
  }
  const lines: SchemaLine[] = []
  const walk = (json: Json, path: string, depth: number): void => {
    for (const [name, one] of Object.entries(json.properties ?? {})) {
      const field = resolve(one)
      const at = path === '' ? name : `${path}.${name}`
      lines.push({
        name: at,
        type: typeOf(field, resolve),
        required: io === 'input' && (json.required ?? []).includes(name),
        meaning: field.description ?? '',
      })
      if (depth < deepest) descend(field, at, depth)
    }
  }
  const descend = (field: Json, at: string, depth: number): void => {
    const inner =
      field.anyOf === undefined ? field : resolve(field.anyOf.find((one) => one.type !== 'null') ?? {})
    if (inner.properties !== undefined) walk(inner, at, depth + 1)
    else if (inner.items !== undefined) {
      const item = resolve(inner.items)
      if (item.properties !== undefined) walk(item, `${at}[]`, depth + 1)
    }
  }
  const root = resolve(whole)
  if (root.properties !== undefined) walk(root, '', 0)
  else descend(root, '', 0)
  return lines
}

function typeOf(json: Json, resolve: (json: Json) => Json): string {
  if (json.anyOf !== undefined) return json.anyOf.map((one) => typeOf(resolve(one), resolve)).join(' or ')
  if (json.const !== undefined) return JSON.stringify(json.const)
  if (json.enum !== undefined) return json.enum.map((value) => JSON.stringify(value)).join(' | ')
  const type = Array.isArray(json.type) ? json.type.join(' or ') : String(json.type ?? 'anything')
  const item = json.items === undefined ? '' : ` of ${typeOf(resolve(json.items), resolve)}`
  return [`${type}${item}`, bounds(json), given(json)].filter((part) => part !== '').join(', ')
}

/** Bounds that say nothing but that a number is a safe one are left out. */
function bounds({ minimum, maximum, maxLength, maxItems, format }: Json): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `from ${minimum}` : ''
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : ''
  const long = maxLength === undefined ? '' : `up to ${maxLength} characters`
  const many = maxItems === undefined ? '' : `up to ${maxItems}`
  return [[low, high].filter(Boolean).join(' '), long, many, format ?? ''].filter(Boolean).join(', ')
}

function given({ default: value }: Json): string {
  return value === undefined ? '' : `default ${JSON.stringify(value)}`
}
