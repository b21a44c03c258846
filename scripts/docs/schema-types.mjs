import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'

/** Shapes are declared as schemas: their types are written out, with what the schemas say of each field. */
export async function schemaTypes(src, dist) {
  const schemas = {}
  const names = new Map()
  for (const file of readdirSync(join(src, 'wire')).filter((name) => name.endsWith('.ts'))) {
    const made = await import(pathToFileURL(join(dist, 'wire', file.replace(/ts$/, 'js'))))
    Object.assign(schemas, made)
    for (const [, type, schema] of readFileSync(join(src, 'wire', file), 'utf8').matchAll(
      /^export type (\w+) = Of<typeof (\w+)>$/gm,
    )) {
      if (made[schema] instanceof z.ZodType)
        names.set(made[schema], { name: type, file: join(src, 'wire', file) })
    }
  }
  return {
    /** `Of<typeof hit>` as what that is. */
    written: (code) => code.replace(/\bOf<typeof (\w+)>/g, (_, name) => typeOf(schemas[name], { names })),
    /** The named shapes that the types in this code are made of. */
    namesIn(code) {
      const used = new Set()
      for (const [, name] of code.matchAll(/\bOf<typeof (\w+)>/g)) typeOf(schemas[name], { names, used })
      return used
    },
  }
}

function typeOf(schema, { names, used = new Set() }, isNested = false) {
  const { def } = schema
  const inner = (one) => typeOf(one, { names, used }, true)
  if (isNested && names.has(schema)) {
    used.add(names.get(schema))
    return names.get(schema).name
  }
  switch (def.type) {
    case 'object':
      return `{\n${indented(Object.entries(def.shape).map((field) => fieldOf(field, inner)))}\n}`
    case 'array':
      return `readonly ${grouped(inner(def.element))}[]`
    case 'record':
      return `Readonly<Record<string, ${inner(def.valueType)}>>`
    case 'nullable':
      return `${inner(def.innerType)} | null`
    case 'optional':
    case 'readonly':
    case 'default':
      return inner(def.innerType)
    case 'union':
      return def.options.map(inner).join(' | ')
    case 'enum':
      return Object.values(def.entries).map(quoted).join(' | ')
    case 'literal':
      return def.values.map(quoted).join(' | ')
    case 'date':
      return 'Date'
    case 'int':
      return 'number'
    default:
      return def.type
  }
}

function fieldOf([name, schema], inner) {
  const comment = schema.description === undefined ? '' : `/** ${schema.description} */\n`
  const mark = schema.safeParse(undefined).success && schema.def.type !== 'unknown' ? '?' : ''
  return `${comment}readonly ${name}${mark}: ${inner(schema)}`
}

const indented = (lines) => lines.join('\n').replace(/^/gm, '  ')
const quoted = (value) => (typeof value === 'string' ? `'${value}'` : String(value))
const grouped = (type) => (/ \| |^readonly /.test(type) && !type.startsWith('{') ? `(${type})` : type)
