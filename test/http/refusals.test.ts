import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ErrorCode, errorCatalogue, RevectorError } from '../../src/core/errors.ts'
import { operations } from '../../src/http/contract/operations.ts'
import { problem } from '../../src/http/contract/problem.ts'
import { codesOf } from '../../src/http/openapi.ts'
import { refusalOf } from '../../src/http/problem.ts'
import type { Revector } from '../../src/library/revector.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { describeEngines, embedded } from '../support/engines.ts'
import { call, held, optionsOf } from './support/calls.ts'
import { least } from './support/least.ts'
import { openApp, openService, serveOptions } from './support/service.ts'

const asked = operations.filter((operation) => operation.scope !== null)

describe('refusals', () => {
  it('every code has a status of its own and becomes a problem', () => {
    for (const [code, { status, meaning }] of Object.entries(errorCatalogue)) {
      const error = new RevectorError(code as ErrorCode, 'What happened.', {
        hint: 'What next.',
        data: { someKey: 1 },
      })
      const { status: told, headers, body } = refusalOf(error, { requestId: 'r', redactor: createRedactor() })
      // Where the database is and what it said is told to the log alone.
      const ours = /^(DATABASE|EXTENSION|FOLDER)_/.test(code)
      expect(problem.parse(body)).toMatchObject({
        code,
        status,
        title: meaning,
        detail: ours ? meaning : 'What happened.',
      })
      expect('some_key' in body, code).toBe(!ours)
      expect(told).toBe(status)
      expect('retry-after' in headers, code).toBe(status === 503 || status === 429)
    }
  })

  it('a secret in a message or its data does not get out', () => {
    const error = new RevectorError('PROVIDER_REFUSED', 'Refused the key sk-abcdefghijklmnopqrstuvwxyz.', {
      data: { url: 'postgres://me:hunter2@db/x', apiKey: 'abc' },
    })
    const said = JSON.stringify(refusalOf(error, { requestId: 'r', redactor: createRedactor() }))
    expect(said).not.toMatch(/hunter2|sk-abc|"abc"/)
  })

  it('no operation promises a code that does not exist, and each says what it refuses with', () => {
    for (const operation of operations) expect(codesOf(operation).length).toBeGreaterThan(0)
    expect(new Set(operations.map((operation) => operation.id)).size).toBe(operations.length)
  })
})

describeEngines('with keys', (engine) => {
  it('every operation asks for a key, and for one that allows it', async () => {
    const { app, revector } = await openService(engine)
    const { secret } = await revector.keys.create({ name: 'reader', scope: 'read' })
    for (const operation of asked) {
      const request = least[operation.id] ?? {}
      expect((await call(app, operation.id, request)).json, operation.id).toMatchObject({
        code: 'UNAUTHENTICATED',
      })
      if (operation.scope === 'read') continue
      const headers = { authorization: `Bearer ${secret}` }
      expect((await call(app, operation.id, { ...request, headers })).json, operation.id).toMatchObject({
        code: 'FORBIDDEN',
      })
    }
  })

  it('a key with a limit is told to wait', async () => {
    const { app, revector } = await openService(engine)
    const { secret } = await revector.keys.create({ name: 'slow', scope: 'admin', requestsPerMinute: 1 })
    const headers = { authorization: `Bearer ${secret}` }
    for (const operation of asked) {
      // Where the minute has ended, this one is let through and the next is not.
      await call(app, 'listModels', { headers })
      const { json, headers: said } = await call(app, operation.id, { ...least[operation.id], headers })
      expect(json, operation.id).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 })
      expect(Number(said['retry-after'])).toBeGreaterThan(0)
    }
  })
})

describe('requests that are no good', () => {
  it('every operation refuses unknown fields, wherever they stand', async () => {
    const { app } = await openService(embedded)
    for (const operation of asked) {
      const request = least[operation.id] ?? {}
      if (operation.query !== undefined) {
        const strange = await call(app, operation.id, {
          ...request,
          query: { ...request.query, colour: 'red' },
        })
        expect(strange.json, operation.id).toMatchObject({ code: 'INVALID_INPUT', in: 'query' })
      }
      if (operation.body === undefined) continue
      const strange = await call(app, operation.id, {
        ...request,
        body: { ...(request.body as object), colour: 'red' },
      })
      expect(strange.json, operation.id).toMatchObject({ code: 'INVALID_INPUT', in: 'body' })
      expect(strange.json.detail).toMatch(/colour/)
    }
  })

  it('every operation with a body refuses what is not JSON, not UTF-8, too large, or of another type', async () => {
    const { app } = await openService(embedded, { options: serveOptions({ maxBodyBytes: 2_000 }) })
    for (const operation of operations.filter(({ body }) => body !== undefined)) {
      const send = async (payload: string | Buffer, type = 'application/json') => {
        const options = optionsOf(operation, { ...least[operation.id], body: undefined })
        const response = await app.inject({ ...options, payload, headers: { 'content-type': type } })
        return held(operation, response).json.code
      }
      expect(await send('{"query": ')).toBe('REQUEST_MALFORMED')
      expect(await send('')).toBe('REQUEST_MALFORMED')
      expect(await send(Buffer.from([0x7b, 0xff, 0x7d]))).toBe('REQUEST_MALFORMED')
      expect(await send(`"${'x'.repeat(3_000)}"`)).toBe('REQUEST_TOO_LARGE')
      expect(await send('<query/>', 'application/xml')).toBe('MEDIA_TYPE_UNSUPPORTED')
      expect(await send('query=x', 'application/x-www-form-urlencoded')).toBe('MEDIA_TYPE_UNSUPPORTED')
      expect(await send('"text"')).toBe('INVALID_INPUT')
      expect(await send('[]')).toBe('INVALID_INPUT')
      expect(await send('{"query": "a\\u0000b"}')).toBe('INVALID_INPUT')
      expect(await send('{"query": "\\ud800"}')).toBe('INVALID_INPUT')
      expect(await send('{"query": 1e999}')).toBe('INVALID_INPUT')
      expect(await send(`${'['.repeat(900)}${']'.repeat(900)}`)).toBe('INVALID_INPUT')
    }
  })

  it('addresses that do not exist, are not percent-encoded, or hold what cannot be stored', async () => {
    const { app } = await openService(embedded)
    const ask = async (method: 'GET' | 'POST' | 'PATCH', url: string) => {
      const { statusCode, headers, payload } = await app.inject({ method, url })
      expect(headers['content-type']).toBe('application/problem+json')
      expect(headers['x-request-id']).toBeDefined()
      return [statusCode, problem.parse(JSON.parse(payload)).code, headers['allow']]
    }
    expect(await ask('GET', '/api/v1/nothing')).toEqual([404, 'NOT_FOUND', undefined])
    expect(await ask('POST', '/api/v1/documents/1')).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, DELETE'])
    expect(await ask('PATCH', '/api/v1/search')).toEqual([405, 'METHOD_NOT_ALLOWED', 'POST'])
    expect(await ask('GET', '/api/v1/documents/%zz')).toEqual([400, 'REQUEST_MALFORMED', undefined])
    expect(await ask('GET', '/api/v1/documents/a%00b')).toEqual([422, 'INVALID_INPUT', undefined])
    expect(await ask('GET', '/api/v1/documents?q=%00')).toEqual([422, 'INVALID_INPUT', undefined])
    expect(await ask('GET', '/api/v1/documents?limit=1&limit=2')).toEqual([422, 'INVALID_INPUT', undefined])
  })

  it('keeps a proxy’s request id, and no other text', async () => {
    const { app } = await openService(embedded)
    const idOf = async (given: string) =>
      (await app.inject({ url: '/healthz', headers: { 'x-request-id': given } })).headers['x-request-id']
    expect(await idOf('trace-1:2.3')).toBe('trace-1:2.3')
    expect(await idOf('<script>')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('a service that has too much to do', () => {
  it('asks further requests to come again, while it still says how it is', async () => {
    const { revector } = await openService(embedded)
    let begin = (): void => {}
    let end = (): void => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const slow = withListing(revector, async () => {
      begin()
      await new Promise<void>((resolve) => {
        end = resolve
      })
      return []
    })
    const app = await openApp(slow, { options: serveOptions({ maxConcurrentRequests: 1 }) })
    onTestFinished(() => app.close())
    const first = call(app, 'listModels')
    await begun
    for (const operation of asked) {
      const { json, headers } = await call(app, operation.id, least[operation.id] ?? {})
      expect(json, operation.id).toMatchObject({ code: 'OVERLOADED', status: 503 })
      expect(headers['retry-after']).toBe('1')
    }
    expect((await call(app, 'healthz')).status).toBe(200)
    end()
    expect((await first).json).toEqual({ models: [] })
    expect((await call(app, 'listDocuments')).status).toBe(200)
  })

  it('says nothing of a fault of its own but where to look', async () => {
    const { revector } = await openService(embedded)
    const lines: string[] = []
    const broken = withListing(revector, async () => {
      throw new TypeError('cannot read password of undefined')
    })
    const app = await openApp(broken, {
      log: {
        debug() {},
        info() {},
        warn() {},
        event() {},
        close() {},
        error: (message, fields) => void lines.push(`${message} ${String(fields?.['request'])}`),
      },
    })
    onTestFinished(() => app.close())
    const { json, text } = await call(app, 'listModels', { headers: { 'x-request-id': 'mine' } })
    expect(json).toMatchObject({ code: 'INTERNAL', status: 500, request_id: 'mine' })
    expect(text).not.toMatch(/password|TypeError/)
    expect(lines).toEqual([expect.stringContaining('mine')])
  })
})

describe('what is no HTTP', () => {
  it('is told so', async () => {
    const { app } = await openService(embedded)
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const said = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('HELLO\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      socket.once('error', reject).once('close', () => resolve(text))
    })
    const [head = '', body = ''] = said.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(problem.parse(JSON.parse(body)).code).toBe('REQUEST_MALFORMED')
  })
})

/** The same library, whose `models.list` does something else. */
function withListing(revector: Revector, list: Revector['models']['list']): Revector {
  return { ...revector, models: { ...revector.models, list } }
}
