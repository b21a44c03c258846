import type { InjectOptions } from 'fastify'
import * as z from 'zod'
import type { Operation } from '../../../src/http/contract/operation.ts'
import { type Chance, hostile, hostileTexts, type Schema, sampleOf } from './fuzz-values.ts'
import { small, wide } from './service.ts'

/** Good values by field: what makes a request come further than the first check. Nothing that exists can be named by an id. */
const known: Readonly<Record<string, readonly unknown[]>> = {
  model: [small, wide, 'made-1', 'nobody'],
  models: [small, wide],
  model_name: ['made-1', 'made-2', small, 'nobody'],
  target_model: [wide, 'made-1', 'nobody'],
  source_model: [small, 'nobody'],
  provider: ['lexical-hash'],
  dimension: [8, 16],
  query: ['tea', 'green tea'],
  title: ['A title'],
  content: ['Some text about tea.', '# A heading\n\nAnd text.'],
  vector: [Array.from({ length: 64 }, (_, i) => Math.sin(i)), [1, 2, 3]],
  method: ['tools/call', 'tools/list', 'initialize', 'ping', 'notifications/initialized'],
  follow: ['false'],
  force: ['false', 'true'],
  limit: ['1', '5', '1000'],
}

export interface FuzzRequest {
  readonly operation: Operation
  /** Its address leads to no operation, or to another one. */
  readonly bent: boolean
  readonly options: InjectOptions
}

/** A tool for agents, as it describes itself. */
export interface Tool {
  readonly name: string
  readonly inputSchema: Schema
}

export interface Within {
  readonly operations: readonly Operation[]
  readonly tools: readonly Tool[]
}

/** The next request of a sequence, in a shape that its operation asks for, nearly. */
export function nextRequest({ operations, tools }: Within, by: Chance): FuzzRequest {
  const operation = by.pick(operations)
  const { method, path, query, body } = operation
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => segment(operation, name, by))
  const asked = query === undefined ? (by.happens(0.05) ? { x: '1' } : {}) : objectOf(query, by)
  const search = queryOf(asked, operation, by)
  const bent = by.happens(0.01)
  const url = bent ? `${address}/${by.pick(['%zz', '%c0%af', '..%2f..', '%00'])}` : `${address}${search}`
  return {
    operation,
    bent,
    options: {
      method,
      url,
      headers: headersOf(by),
      ...(body === undefined ? {} : payloadOf(operation, tools, by)),
    },
  }
}

function schemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema
}

const schemas = new Map<z.ZodType, Schema>()
function objectOf(schema: z.ZodType, by: Chance): unknown {
  const found = schemas.get(schema) ?? schemaOf(schema)
  schemas.set(schema, found)
  return sampleOf(found, by, known)
}

function segment({ id }: Operation, name: string, by: Chance): string {
  // An id that exists would be found: what is stored must not be within reach of chance.
  const ids = ['no-such', '999999999', '-5', '9223372036854775807', '92233720368547758070']
  const from =
    name === 'model_name'
      ? ['nobody', 'made-2', 'made-1']
      : id.startsWith('migration') || by.happens(0.5)
        ? ids
        : hostileTexts
  const text = by.pick(from.filter((one) => one !== '' && one.length < 3_000))
  return encodeURIComponent(text.toWellFormed())
}

function queryOf(asked: unknown, { id }: Operation, by: Chance): string {
  if (typeof asked !== 'object' || asked === null) return ''
  const pairs = Object.entries(asked).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  // A stream that follows has no end: not what is looked for here.
  if (id === 'migrationEvents' && !('follow' in asked)) pairs.push(['follow', 'false'])
  const written = pairs.map(([name, value]) => {
    const text = String(value).toWellFormed().slice(0, 4_000)
    return `${encodeURIComponent(name.toWellFormed().slice(0, 200))}=${encodeURIComponent(text)}`
  })
  if (by.happens(0.03)) written.push(by.pick(['limit=1', '%ff=%fe', '=', 'a[b]=c', '&&&']))
  return written.length === 0 ? '' : `?${written.join('&')}`
}

function headersOf(by: Chance): Record<string, string> {
  const strange = {
    accept: ['text/event-stream', 'application/xml', '*/*;q=0'],
    'idempotency-key': ['k1', 'k2', ' ', 'x'.repeat(300), "'; drop table chunks; --"],
    'last-event-id': ['1', '-1', '99999999999999999999', 'x', "1' or 1=1"],
    'x-request-id': ['abc', '<script>', 'x'.repeat(500)],
    origin: ['http://localhost:80'],
    authorization: [],
  }
  const chosen = Object.entries(strange).flatMap(([name, values]) =>
    values.length > 0 && by.happens(0.05) ? [[name, by.pick(values)] as const] : [],
  )
  return Object.fromEntries(chosen)
}

function toolCall(tools: readonly Tool[], by: Chance): object {
  const { name, inputSchema } = by.pick(tools)
  const params = { name, arguments: sampleOf(inputSchema, by, known) }
  return { jsonrpc: '2.0', id: by.below(10), method: 'tools/call', params }
}

const boundary = 'fuzz'

function payloadOf(
  operation: Operation,
  tools: readonly Tool[],
  by: Chance,
): Pick<InjectOptions, 'payload' | 'headers'> {
  const { id, body, form } = operation
  const made = id === 'mcp' && by.happens(0.8) ? toolCall(tools, by) : objectOf(body ?? z.unknown(), by)
  const text = JSON.stringify(made) ?? 'null'
  const json = (payload: string | Buffer) => ({
    payload,
    headers: { ...headersOf(by), 'content-type': 'application/json' },
  })
  if (form !== undefined && by.happens(0.3)) return formOf(by)
  if (by.happens(0.9)) return json(text)
  switch (by.below(9)) {
    case 0:
      return json(text.slice(0, by.below(text.length + 1)))
    case 1:
      return json(Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0xc0, 0x80])]))
    case 2:
      return json(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
    case 3:
      return json(text.replace(/"/, '"\\u0000'))
    case 4:
      return json(text.replace(/:/, ':1e999,"x":'))
    case 5:
      return json(`${text}${text}`)
    case 6:
      return json(Buffer.from(text, 'utf16le'))
    case 7:
      return {
        payload: text,
        headers: {
          'content-type': by.pick([
            'text/plain',
            'application/xml',
            'application/json; charset=utf-16',
            'nonsense',
            '',
          ]),
        },
      }
    default:
      return json(JSON.stringify(hostile(by)))
  }
}

function formOf(by: Chance): Pick<InjectOptions, 'payload' | 'headers'> {
  const parts = Array.from({ length: by.below(4) }, () => {
    const name = by.pick(['files', 'files', 'files', 'metadata', 'model', '__proto__', "'; --"])
    const file = by.happens(0.7)
      ? `; filename="${by.pick(['a.txt', 'b.pdf', '../../c.md', 'd.docx', "'; drop table chunks;.html", ''])}"`
      : ''
    const content = by.pick([
      'Text of a file.',
      '{"a": 1}',
      '%PDF-1.4 broken',
      'PK\u0003\u0004broken',
      '',
      small,
      '<p>Some html</p>',
      '\u0000\u0001',
    ])
    return `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`
  })
  const end = by.pick([`--${boundary}--\r\n`, `--${boundary}--\r\n`, '', '--other--'])
  return {
    payload: `${parts.join('')}${end}`,
    headers: {
      'content-type': by.pick([
        `multipart/form-data; boundary=${boundary}`,
        `multipart/form-data; boundary=${boundary}`,
        'multipart/form-data',
      ]),
    },
  }
}
