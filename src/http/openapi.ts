import * as z from 'zod'
import { type ErrorCode, errorCatalogue } from '../core/errors.ts'
import { wireSchema } from '../wire/codec.ts'
import type { Operation } from './contract/operation.ts'
import { ofCallers, problem } from './contract/problem.ts'
import { problemType } from './problem.ts'

type Json = Record<string, unknown>

/** OpenAPI 3.1 of the contract. */
export function openApi(operations: readonly Operation[], version: string): Json {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const path = paths[operation.path] ?? {}
    path[operation.method.toLowerCase()] = describe(operation, components)
    paths[operation.path] = path
  }
  schemaOf(problem, 'output', components)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Revector',
      version,
      description: 'RAG on PostgreSQL whose embedding model can be changed.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map((operation) => operation.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key of `revector keys create`.' },
      },
    },
  }
}

function describe(operation: Operation, components: Json): Json {
  const { id, tag, summary, description, scope } = operation
  const parameters = parametersOf(operation, components)
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestOf(operation, components),
    responses: { ...answersOf(operation, components), ...refusalsOf(operation) },
    security: scope === null ? [] : [{ key: [] }],
    ...(scope === null ? {} : { 'x-scope': scope }),
  }
}

function parametersOf(operation: Operation, components: Json): Json[] {
  const places = [
    ['path', operation.params],
    ['query', operation.query],
    ['header', operation.headers],
  ] as const
  return places.flatMap(([place, schema]) => {
    if (schema === undefined) return []
    const { properties = {}, required = [] } = schemaOf(schema, 'input', components) as ObjectSchema
    return Object.entries(properties).map(([name, { description, ...rest }]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      description,
      schema: rest,
    }))
  })
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

function requestOf({ body, bodyOptional, form, example }: Operation, components: Json): Json {
  if (body === undefined) return {}
  const json = { schema: schemaOf(body, 'input', components), example }
  return {
    requestBody: {
      required: bodyOptional !== true,
      content: {
        'application/json': json,
        ...(form === undefined ? {} : { 'multipart/form-data': { schema: formOf(form, components) } }),
      },
    },
  }
}

function formOf(form: z.ZodObject, components: Json): Json {
  const { properties = {}, ...rest } = schemaOf(form, 'input', components) as ObjectSchema & Json
  const files = { type: 'array', minItems: 1, items: { type: 'string', format: 'binary' } }
  return { ...rest, properties: { ...properties, files }, required: ['files'] }
}

function answersOf({ responses, produces, events }: Operation, components: Json): Json {
  const answers: Json = {}
  for (const [status, schema] of Object.entries(responses)) {
    const said = schema instanceof z.ZodUndefined ? undefined : schemaOf(schema, 'output', components)
    const content =
      said === undefined ? {} : { content: { [produces ?? 'application/json']: { schema: said } } }
    answers[status] = { description: meanings[status] ?? 'Done.', ...content }
  }
  if (events === undefined) return answers
  const ok = (answers['200'] ?? { description: 'Done.' }) as { content?: Json }
  const carried = Object.entries(events).map(([name, schema]) => [
    name,
    schemaOf(schema, 'output', components),
  ])
  const stream = { schema: { type: 'string' }, 'x-events': Object.fromEntries(carried) }
  return { ...answers, 200: { ...ok, content: { ...ok.content, 'text/event-stream': stream } } }
}

const meanings: Readonly<Record<string, string>> = { 200: 'Done.', 201: 'Made.', 204: 'Done; no content.' }

/** By status: its codes. */
function refusalsOf(operation: Operation): Json {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of codesOf(operation)) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].meaning}`).join('\n\n'),
          content,
        },
      ]),
  )
}

/** The errors that an operation can have, without repetition. */
export function codesOf({ errors, scope, method, params }: Operation): readonly ErrorCode[] {
  const reads = method === 'GET'
  return [
    ...new Set([
      ...errors,
      // An address may contain what no stored text may contain.
      'INVALID_INPUT' as const,
      ...(params !== undefined || !reads ? (['REQUEST_MALFORMED'] as const) : []),
      ...(scope === null ? [] : ofCallers),
      // A body is parsed, and may be refused, even if none is expected.
      ...(reads ? [] : (['REQUEST_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const)),
    ]),
  ]
}

/** JSON Schema; a schema with a name becomes a component. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const {
    $schema: _dialect,
    $defs = {},
    ...made
  } = z.toJSONSchema(wireSchema(schema), { io, unrepresentable: 'any' }) as Json & { $defs?: Json }
  for (const [name, definition] of Object.entries($defs))
    components[name] ??= withoutId(relocated(definition))
  const { id } = schema.meta() ?? {}
  if (typeof id !== 'string') return relocated(made) as Json
  components[id] ??= withoutId(relocated(made))
  return { $ref: `#/components/schemas/${id}` }
}

function relocated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocated)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string'
        ? item.replace('#/$defs/', '#/components/schemas/')
        : relocated(item),
    ]),
  )
}

function withoutId(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
  const { id: _id, ...rest } = schema as Json
  return rest
}
