import { describe, expect, it } from 'vitest'
import { openApp } from '../http/open-app.ts'
import { fakeLanguageModel } from '../support/providers/language.ts'

const pools = {
  title: 'Pools',
  content: '# Pools\n\nTo close the pool, call end. It waits for borrowed clients.',
}
const question = { query: 'How do I close the pool?' }
const url = '/api/v1/query'

/** The service with one document, and a language model at a fake server. */
async function service() {
  const server = await fakeLanguageModel()
  const languageModel = {
    provider: 'openai-compatible',
    model: 'fake',
    baseUrl: server.url,
    maxAttempts: 1,
  } as const
  const { app, revector } = await openApp({ library: { languageModel } })
  await revector.ingestion.ingestDocument(pools)
  return { server, app, revector }
}

interface Event {
  readonly id: string
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: events of many shapes
  readonly data: any
}

function eventsOf(body: string): Event[] {
  return body
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1] ?? ''
      return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) }
    })
}

const streamed = { accept: 'text/event-stream' }

/** A client that listens over a real socket. */
async function listen(at: string, headers: Record<string, string> = {}) {
  const gone = new AbortController()
  const response = await fetch(`${at}${url}`, {
    method: 'POST',
    body: JSON.stringify(question),
    headers: { 'content-type': 'application/json', ...streamed, ...headers },
    signal: gone.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let came = ''
  return {
    leave: () => gone.abort(),
    /** All events from the first to the one that is waited for. */
    async until(holds: (event: Event) => boolean): Promise<Event[]> {
      for (;;) {
        const events = eventsOf(came.slice(0, came.lastIndexOf('\n\n') + 2))
        const at = events.findIndex(holds)
        if (at >= 0) return events.slice(0, at + 1)
        const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
        if (done) throw new Error(`The stream ended with ${came}`)
        came += value
      }
    },
  }
}

describe('POST /api/v1/query', { timeout: 120_000 }, () => {
  it('answers with citations, whole or as events', async () => {
    const { server, app } = await service()
    server.says(['Call ', 'end [1', '] and [9].'])
    const whole = await app.inject({ method: 'POST', url, payload: question })
    expect(whole.statusCode).toBe(200)
    expect(whole.json()).toMatchObject({
      answer: 'Call end [1] and.',
      answered: true,
      mode: 'generated',
      language_model: 'openai-compatible:fake',
      removed_citations: 1,
      citations: [
        { marker: 1, title: 'Pools', heading_path: ['Pools'], quote: expect.stringContaining('call end') },
      ],
      usage: { input_tokens: 7, output_tokens: 3 },
    })
    const stream = await app.inject({ method: 'POST', url, payload: question, headers: streamed })
    expect(stream.headers['content-type']).toContain('text/event-stream')
    const events = eventsOf(stream.body)
    const names = events.map(({ event }) => event)
    expect([names[0], names.at(-1)]).toEqual(['hits', 'done'])
    expect(names.slice(1, -1).sort()).toContain('citation')
    const [of] = events[0]?.id.split('.') ?? []
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => `${of}.${i + 1}`))
    const text = events
      .filter(({ event }) => event === 'text')
      .map(({ data }) => data.delta)
      .join('')
    expect(text).toBe('Call end [1] and.')
    expect(events.at(-1)?.data).toMatchObject({ answer: text, citations: whole.json().citations })
  })

  it('ends a stream with a problem when the provider breaks off, and says it at once when nothing was sent', async () => {
    const { server, app } = await service()
    server.says(['Call end. ', 'It ', 'closes.'])
    server.fail('cut', { status: 429 })
    const broken = eventsOf(
      (await app.inject({ method: 'POST', url, payload: question, headers: streamed })).body,
    )
    expect(new Set(broken.map(({ event }) => event))).toEqual(new Set(['hits', 'text', 'error']))
    expect(broken.at(-1)?.data).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', status: 503, broke_off: true })
    const limited = await app.inject({ method: 'POST', url, payload: question })
    expect(limited).toMatchObject({ statusCode: 503 })
    expect(limited.json()).toMatchObject({ code: 'RATE_LIMITED' })
    expect(limited.headers['retry-after']).toBeDefined()
    const unknown = await app.inject({
      method: 'POST',
      url,
      payload: { ...question, model: 'none' },
      headers: streamed,
    })
    expect(unknown.statusCode).toBe(404)
    expect(unknown.json()).toMatchObject({ code: 'MODEL_UNKNOWN' })
  })

  it('goes on for a client that lost the line, without asking twice', async () => {
    const { server, app } = await service()
    const at = await app.listen({ host: '127.0.0.1', port: 0 })
    server.says(['Call ', 'end ', '[1] now', '.'])
    server.fail('pause')
    const lost = await listen(at)
    const heard = await lost.until(({ event, data }) => event === 'text' && /end/.test(data.delta))
    lost.leave()
    const last = heard.at(-1)?.id ?? ''
    const again = await listen(at, { 'last-event-id': last })
    server.goOn()
    const rest = await again.until(({ event }) => event === 'done')
    const all = [...heard, ...rest]
    expect(all.map(({ id }) => id)).toEqual(all.map((_, i) => `${last.split('.')[0]}.${i + 1}`))
    const text = all.map(({ event, data }) => (event === 'text' ? data.delta : '')).join('')
    expect(text).toBe('Call end [1] now.')
    expect(rest.at(-1)?.data).toMatchObject({ answer: text, answered: true })
    expect(server.asked).toHaveLength(1)

    // Another question does not hear it, and an id that is not known is answered anew.
    for (const [headers, more] of [
      [{ 'last-event-id': last }, { top_k: 3 }],
      [{ 'last-event-id': 'aaaaaaaaaaaa.2' }, {}],
      [{ 'last-event-id': 'anything' }, {}],
    ] as const) {
      const anew = await app.inject({
        method: 'POST',
        url,
        payload: { ...question, ...more },
        headers: { ...streamed, ...headers },
      })
      expect(eventsOf(anew.body)[0]).toMatchObject({ event: 'hits' })
      expect(anew.body).not.toContain(last.split('.')[0])
    }
    app.server.closeAllConnections()
  })

  it('comes to its end when the service stops meanwhile', async () => {
    const { server, app } = await service()
    const at = await app.listen({ host: '127.0.0.1', port: 0 })
    server.says(['Call ', 'end ', '[1] now', '.'])
    server.fail('pause')
    const client = await listen(at)
    await client.until(({ event }) => event === 'text')
    app.stop.begin()
    server.goOn()
    expect((await client.until(({ event }) => event === 'done')).at(-1)?.data.answered).toBe(true)
    app.server.closeAllConnections()
  })

  it('stops asking when the client has gone', async () => {
    const { server, app } = await service()
    server.fail('stall')
    const at = await app.listen({ host: '127.0.0.1', port: 0 })
    const gone = new AbortController()
    const asked = server.requested()
    const response = await fetch(`${at}${url}`, {
      method: 'POST',
      body: JSON.stringify(question),
      headers: { 'content-type': 'application/json', ...streamed },
      signal: gone.signal,
    })
    const reader = response.body?.getReader()
    await reader?.read()
    await asked
    gone.abort()
    await server.left
    // The client keeps a connection in reserve, which the server would wait a minute for.
    app.server.closeAllConnections()
  })

  it('refuses what does not fit', async () => {
    const { app } = await openApp()
    const wrong = [
      { query: '' },
      { query: 'x', top_k: 51 },
      { query: 'x', mode: 'poetic' },
      { query: 'x', surprise: 1 },
      { query: 'x', filter: { surprise: 1 } },
    ]
    for (const payload of wrong) {
      expect([payload, (await app.inject({ method: 'POST', url, payload })).statusCode]).toEqual([
        payload,
        422,
      ])
    }
  })
})
