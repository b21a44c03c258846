import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import createClient from 'openapi-fetch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorCatalogue } from '../../src/core/errors.ts'
import { operations } from '../../src/http/contract/operations.ts'
import { problem } from '../../src/http/contract/problem.ts'
import { type Service, startService } from '../../src/http/serve.ts'
import type { Revector } from '../../src/library/revector.ts'
import { silentLog } from '../../src/logs/log.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { describeEngines } from '../support/engines.ts'
import { held, operationOf, pathOf as urlOf } from './support/calls.ts'
import { least } from './support/least.ts'
import { openLibrary, serveOptions, small, wide, withAgents } from './support/service.ts'

interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}
interface Described {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: {
    readonly required: boolean
    readonly content: Readonly<Record<string, { readonly example?: unknown }>>
  }
  readonly responses: Readonly<Record<string, unknown>>
}

const sources = fileURLToPath(new URL('../../src', import.meta.url))

describeEngines('over a socket', (engine) => {
  let revector: Revector
  let service: Service
  let document: OpenApi

  beforeAll(async () => {
    revector = await openLibrary(engine)
    service = await startService({
      revector,
      options: serveOptions({ port: 0, stopDelayMs: 0 }),
      log: silentLog,
      redactor: createRedactor(),
      version: '0.0.0-test',
      languageModel: null,
      work: true,
      checkAnswers: true,
      extend: withAgents(),
    })
    document = (await (await fetch(`${service.url}/openapi.json`)).json()) as OpenApi
  })
  afterAll(async () => {
    expect(await service.stop()).toMatchObject({ lost: 0 })
    await revector.db.close()
  })

  /** Asks as a client does that knows the OpenAPI document and nothing else. */
  async function ask(
    id: string,
    init: { path?: object; query?: object; header?: object; body?: unknown } = {},
  ) {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, described] of Object.entries(methods)) {
        if (described.operationId !== id) continue
        let payload = ''
        const client = createClient<Record<string, Record<string, never>>>({
          baseUrl: service.url,
          // The client reads what it gets; what was sent is what is looked at here.
          fetch: async (request) => {
            const answered = await fetch(request)
            payload = await answered.clone().text()
            return answered
          },
        })
        const { body, ...params } = init
        const { response } = await (client.request as unknown as Request)(method, path, {
          params,
          parseAs: 'text',
          body,
        })
        const headers = Object.fromEntries(response.headers)
        return held(operationOf(id), { statusCode: response.status, headers, payload } as never)
      }
    }
    throw new Error(`${id} is not in the OpenAPI document`)
  }
  type Request = (method: string, path: string, init: object) => Promise<{ readonly response: Response }>

  it('the document is OpenAPI 3.1 of every operation, and every reference in it leads somewhere', () => {
    expect(document.openapi).toBe('3.1.0')
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    )
    expect(ids.sort()).toEqual(operations.map((operation) => operation.id).sort())
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, at]) => at ?? '')
    expect(references.length).toBeGreaterThan(50)
    for (const at of references)
      expect(document.components.schemas).toHaveProperty([at.replace('#/components/schemas/', '')])
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const { parameters = [], responses } of Object.values(methods)) {
        const inPath = parameters.filter((one) => one.in === 'path').map((one) => one.name)
        expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
        expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true)
      }
    }
  })

  it('every operation answers a client made from the document', async () => {
    for (const methods of Object.values(document.paths)) {
      for (const { operationId } of Object.values(methods)) {
        const { params, query, body } = least[operationId] ?? {}
        const { status } = await ask(operationId, {
          path: params,
          query,
          body,
        })
        expect(status, operationId).toBeLessThan(500)
      }
    }
    await ask('useModel', { body: { model: small, force: true } })
    await ask('removeModel', { path: { model_name: 'm' } })
  })

  it('the examples of the document do what they say', async () => {
    await ask('addDocuments', {
      body: { title: 'Models', content: 'An embedding model is changed by a migration.' },
    })
    for (const methods of Object.values(document.paths)) {
      for (const { operationId, requestBody } of Object.values(methods)) {
        const example = requestBody?.content['application/json']?.example
        if (example === undefined || operationId === 'startMigration') continue
        const { status, text } = await ask(operationId, { body: example })
        // The bundled model has no vectors here: switching to it is what is refused.
        if (operationId === 'useModel') expect(text).toMatch(/MODEL_EMPTY/)
        else expect(status, `${operationId} ${text}`).toBeLessThan(300)
      }
    }
  })

  it('moves to another model, watched from plan to end, the worker of the process at work', async () => {
    for (let i = 0; i < 30; i++)
      await ask('addDocuments', { body: { title: `Note ${i}`, content: `Number ${i} of the notes.` } })
    const plan = await ask('planMigration', { body: { target_model: wide } })
    expect(plan.json.missing_chunks).toBeGreaterThan(30)
    const { json: started } = await ask('startMigration', { body: { target_model: wide, consent: true } })

    const seen: { id: string; event: string }[] = []
    const until = async (wanted: string) => {
      const last = seen.at(-1)?.id
      const response = await fetch(`${service.url}/api/v1/migrations/${started.id}/events`, {
        headers: last === undefined ? {} : { 'last-event-id': last },
      })
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
      // Leaving the loop ends the connection in its midst, as a client that loses its line.
      for await (const event of serverEvents(response)) {
        seen.push(event)
        if (event.event === wanted) return
      }
    }
    await until('batch')
    await until('passed')
    expect((await ask('getMigration', { path: { id: started.id } })).json.state).toBe('ready')
    await ask('cutOver', { path: { id: started.id } })
    await until('cut_over')
    expect(seen.map((one) => one.event).filter((event) => event === 'started')).toHaveLength(1)
    expect(seen.map((one) => Number(one.id))).toEqual(
      [...new Set(seen.map((one) => Number(one.id)))].sort((a, b) => a - b),
    )
    expect((await ask('search', { body: { query: 'notes' } })).json.models).toEqual([wide])
    await ask('rollBack', { path: { id: started.id } })
    expect((await ask('search', { body: { query: 'notes' } })).json.models).toEqual([small])
    expect((await ask('getStatus')).json.worker).toEqual({ running: true })
  })

  it('takes an upload as browsers send it', async () => {
    const form = new FormData()
    form.append('metadata', '{"from": "browser"}')
    form.append(
      'files',
      new Blob(['# Grüße\n\nAn uploaded text.'], { type: 'text/markdown' }),
      'Grüße aus Köln.md',
    )
    const response = await fetch(`${service.url}/api/v1/documents`, { method: 'POST', body: form })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      documents: 1,
      files: [{ path: 'Grüße aus Köln.md', outcome: 'added' }],
    })
  })

  it('serves its reference without a script or anything from elsewhere', async () => {
    const response = await fetch(`${service.url}/docs`)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await response.text()
    expect(page).not.toMatch(/<script|<style|\son\w+=|\sstyle=/i)
    const links = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links.every((link) => link.startsWith('#') || link.startsWith('/'))).toBe(true)
    const anchors = new Set([...page.matchAll(/id="([^"]+)"/g)].map(([, id]) => `#${id}`))
    for (const link of links.filter((one) => one.startsWith('#'))) expect(anchors).toContain(link)
    for (const { id } of operations) expect(anchors).toContain(`#${id}`)
    const style = await fetch(`${service.url}/docs/style.css`)
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
    const { type } = problem.parse(await (await fetch(`${service.url}/nothing`)).json())
    expect(anchors).toContain(type.replace('/docs', ''))
    for (const code of Object.keys(errorCatalogue)) expect(anchors).toContain(`#${code}`)
    // The hints of errors lead to places on this page.
    const hints = readdirSync(sources, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .flatMap((entry) => [
        ...readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(/\/docs(#\w+)/g),
      ])
      .map(([, anchor]) => anchor)
    expect(hints).toContain('#search')
    for (const anchor of hints) expect(anchors).toContain(anchor)
  })

  it('addresses are those of the operations', () => {
    expect(urlOf(operationOf('getDocument'), { id: 'a/b?c' })).toBe('/api/v1/documents/a%2Fb%3Fc')
  })
})

async function* serverEvents(response: Response): AsyncGenerator<{ id: string; event: string }> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes as Uint8Array, { stream: true })
    const frames = rest.split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const id = /^id: (.*)$/m.exec(frame)?.[1]
      const event = /^event: (.*)$/m.exec(frame)?.[1]
      if (id !== undefined && event !== undefined) yield { id, event }
    }
  }
}
