import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect } from 'vitest'
import * as z from 'zod'
import type { ErrorCode } from '../../../src/core/errors.ts'
import type { Operation } from '../../../src/http/contract/operation.ts'
import { operations } from '../../../src/http/contract/operations.ts'
import { problem } from '../../../src/http/contract/problem.ts'
import { codesOf } from '../../../src/http/openapi.ts'
import type { App } from '../../../src/http/route.ts'
import { wireSchema } from '../../../src/wire/codec.ts'

export interface Call {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly raw?: InjectOptions
}

export interface Answer {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: held to the contract's schema at run time; tests look where they like
  readonly json: any
}

/** By `operation status` and `operation code`: what a file's tests have met. */
export const met = new Set<string>()

/** Asks for an operation of the contract and holds whatever comes back to what the contract says of it. */
export async function call(app: App, id: string, request: Call = {}): Promise<Answer> {
  const operation = operationOf(id)
  const response = await app.inject(optionsOf(operation, request))
  return held(operation, response)
}

export function operationOf(id: string): Operation {
  const found = operations.find((operation) => operation.id === id)
  if (found === undefined) throw new Error(`There is no operation ${id}`)
  return found
}

export function pathOf({ path }: Operation, params: Call['params'] = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name] ?? `no-${name}`)),
  )
}

export function optionsOf(operation: Operation, { params, query, body, headers, raw }: Call): InjectOptions {
  return {
    method: operation.method,
    url: pathOf(operation, params),
    ...(query === undefined
      ? {}
      : { query: Object.fromEntries(Object.entries(query).map(([k, v]) => [k, String(v)])) }),
    ...(body === undefined ? {} : { payload: body as object }),
    headers,
    ...raw,
  }
}

/** An answer as the contract has it: a success of a known status and shape, or a problem of a known code. */
export function held(operation: Operation, response: LightMyRequestResponse): Answer {
  const { statusCode: status, headers, payload: text } = response
  const type = String(headers['content-type'] ?? '')
  met.add(`${operation.id} ${status}`)
  expect(headers['x-request-id'], operation.id).toMatch(/./)
  if (status >= 400) {
    expect(type).toBe('application/problem+json')
    const body = problem.parse(JSON.parse(text))
    expect(body.status).toBe(status)
    const told: readonly ErrorCode[] = codesOf(operation)
    expect(told, `${operation.id} refused with ${body.code}: ${body.detail}`).toContain(body.code)
    met.add(`${operation.id} ${body.code}`)
    return { status, headers, text, json: body }
  }
  if (type.startsWith('text/event-stream')) {
    expect(operation.events, operation.id).toBeDefined()
    return { status, headers, text, json: undefined }
  }
  const schema = operation.responses[status]
  expect(schema, `${operation.id} answered ${status}`).toBeDefined()
  if (schema === undefined || schema instanceof z.ZodUndefined) {
    expect(text).toBe('')
    return { status, headers, text, json: undefined }
  }
  if (operation.produces !== undefined) return { status, headers, text, json: undefined }
  expect(type).toMatch(/^application\/json/)
  const json: unknown = JSON.parse(text)
  wireSchema(schema).parse(json)
  return { status, headers, text, json }
}

/** Server-sent events as they were written. */
export function eventsOf(
  text: string,
): readonly { readonly id: string; readonly event: string; readonly data: unknown }[] {
  return text
    .split('\n\n')
    .filter((frame) => frame.startsWith('id: '))
    .map((frame) => {
      const [id = '', event = '', data = ''] = frame.split('\n').map((line) => line.replace(/^\w+: /, ''))
      return { id, event, data: JSON.parse(data) as unknown }
    })
}
