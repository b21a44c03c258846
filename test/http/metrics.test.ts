import { expect, it } from 'vitest'
import { embedded } from '../support/engines.ts'
import { fakeLanguageModel } from '../support/providers/language.ts'
import { openApp } from './open-app.ts'

const search = (query: string) => ({ method: 'POST' as const, url: '/api/v1/search', payload: { query } })

/** `name{labels}` → value. */
function figuresOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  )
}

it('the figures count searches by model, coverage, provider requests, tokens, pending chunks and connections', async () => {
  const { app } = await openApp()
  const model = 'universal-sentence-encoder-lite'
  for (const content of ['Ships carry grain over the sea.', 'Bread is baked of flour.']) {
    await app.inject({ method: 'POST', url: '/api/v1/documents', payload: { title: content, content } })
  }
  for (const query of ['what do ships carry?', 'what is bread made of?']) await app.inject(search(query))
  await app.inject({ ...search('x'), payload: { query: 'x', model: 'no-such-model' } })
  await app.inject('/nowhere/at/all')
  const { body, headers, statusCode } = await app.inject('/metrics')
  expect([statusCode, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')])
  const figures = figuresOf(body)
  const figure = (name: string) => figures.get(`revector_${name}`)
  expect(figure(`searches_total{model="${model}",code=""}`)).toBe(2)
  expect(figure('searches_total{model="",code="MODEL_UNKNOWN"}')).toBe(1)
  expect(figure(`search_seconds_count{model="${model}"}`)).toBe(2)
  expect(figure('http_requests_total{method="POST",route="/api/v1/search",status="200"}')).toBe(2)
  expect(figure('http_requests_total{method="GET",route="",status="404"}')).toBe(1)
  expect(figure(`provider_requests_total{model="${model}",kind="query",failure=""}`)).toBe(2)
  expect(figure(`provider_tokens_total{model="${model}",kind="document"}`)).toBeGreaterThan(5)
  expect(figure(`model_coverage{model="${model}"}`)).toBe(1)
  expect(figure(`model_embeddings{model="${model}"}`)).toBe(2)
  expect(figure(`model_current{model="${model}"}`)).toBe(1)
  expect(figure(`pending_chunks{model="${model}"}`)).toBe(0)
  expect(figure('database_up')).toBe(1)
  expect(figure('database_connections{state="open"}')).toBeGreaterThanOrEqual(1)
  expect(figure('process_resident_bytes')).toBeGreaterThan(1e7)
  expect(body).not.toContain('ships')
})

it('the figures count requests to a language model, their tokens, time and failures', async () => {
  const server = await fakeLanguageModel()
  const { app, revector } = await openApp({
    library: {
      languageModel: { provider: 'openai-compatible', model: 'fake', baseUrl: server.url, maxAttempts: 1 },
    },
  })
  await revector.ingestion.ingestDocument({ title: 'Pools', content: 'To close the pool, call end.' })
  server.says(['Call ', 'end [1].'])
  const statuses: number[] = []
  for (const fault of [null, { status: 429 }, 'cut'] as const) {
    if (fault !== null) server.fail(fault)
    const payload = { query: 'How do I close the pool?' }
    statuses.push((await app.inject({ method: 'POST', url: '/api/v1/query', payload })).statusCode)
  }
  expect(statuses).toEqual([200, 503, 503])
  const figures = figuresOf((await app.inject('/metrics')).body)
  const model = 'model="openai-compatible:fake"'
  const figure = (name: string) => figures.get(`revector_language_model_${name}`)
  expect(figure(`requests_total{${model},failure=""}`)).toBe(1)
  expect(figure(`requests_total{${model},failure="limited"}`)).toBe(1)
  expect(figure(`requests_total{${model},failure="unavailable"}`)).toBe(1)
  expect(figure(`tokens_total{${model},direction="in"}`)).toBe(7)
  expect(figure(`tokens_total{${model},direction="out"}`)).toBe(3)
  expect(figure(`request_seconds_count{${model}}`)).toBe(1)
})

it('readiness follows the schema, the database and the stop; health only the process', async () => {
  const place = await embedded.place()
  const { app, revector } = await openApp({ engine: { ...embedded, place: async () => place } })
  await revector.db.initialize()
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ready', read_only: false })
  await revector.db.rollback({ to: 3 })
  const behind = await app.inject('/readyz')
  expect([behind.statusCode, behind.json().code]).toEqual([503, 'SCHEMA_BEHIND'])
  expect(behind.headers['retry-after']).toBeDefined()
  expect((await app.inject(search('x'))).json()).toMatchObject({ code: 'SCHEMA_BEHIND', status: 503 })
  await revector.db.run()
  expect((await app.inject('/readyz')).statusCode).toBe(200)
  app.stop.begin()
  const stopping = await app.inject('/readyz')
  expect([stopping.statusCode, stopping.json().code]).toEqual([503, 'STOPPING'])
  expect(stopping.headers.connection).toBe('close')
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' })
})

it('every request is one line, by its route and never by what it said', async () => {
  const { app, log } = await openApp()
  await app.inject({ ...search('a private question'), headers: { 'x-request-id': 'abc' } })
  await app.inject('/healthz')
  expect(
    log.filter(({ message, level }) => message === 'Request answered.' && level === 'info'),
  ).toMatchObject([
    { fields: { request: 'abc', method: 'POST', route: '/api/v1/search', status: 200, caller: 'http' } },
  ])
  expect(JSON.stringify(log)).not.toContain('private')
})
