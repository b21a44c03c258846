import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { signalOf } from '../../src/http/disconnect.ts'
import { type ServerEvent, type StreamOptions, sendEvents } from '../../src/http/event-stream.ts'
import { eventsOf } from './support/calls.ts'

type Source = (signal: AbortSignal) => AsyncIterable<ServerEvent>

/** A service that answers everything with one stream. */
async function streaming(source: Source, options: StreamOptions = {}) {
  const stopping = new AbortController()
  // The client opens a second connection beforehand, on which nothing ever comes.
  const app = Fastify({ forceCloseConnections: true })
  app.decorate('stopping', stopping.signal)
  app.get('/', async (_request, reply) => sendEvents(reply, source(signalOf(reply)), options))
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return { app, stopping, url: `http://127.0.0.1:${port}/` }
}

const event = (id: number): ServerEvent => ({ id: String(id), event: 'tick', data: { id, text: 'a\nb' } })

/** Never says anything; ends when nobody listens. */
async function* silence(signal: AbortSignal): AsyncGenerator<ServerEvent> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

it('writes each event in a frame of its own, whatever its data', async () => {
  const { app } = await streaming(async function* () {
    yield event(1)
    yield event(2)
  })
  const { payload, headers } = await app.inject('/')
  expect(headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  })
  expect(eventsOf(payload)).toEqual([event(1), event(2)])
})

it('says that it is there while nothing happens, and tells its source when nobody listens', async () => {
  let gone = (): void => {}
  const noticed = new Promise<void>((resolve) => {
    gone = resolve
  })
  const { url } = await streaming(
    (signal) => {
      signal.addEventListener('abort', gone, { once: true })
      return silence(signal)
    },
    { heartbeatMs: 5 },
  )
  const hangUp = new AbortController()
  const response = await fetch(url, { signal: hangUp.signal })
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += new TextDecoder().decode(bytes as Uint8Array)
    if (text.split(': keep-alive').length > 3) break
  }
  hangUp.abort()
  await noticed
  expect(eventsOf(text)).toEqual([])
})

it('ends when the service begins to stop', async () => {
  const { url, stopping } = await streaming(silence)
  const response = await fetch(url)
  stopping.abort()
  expect(eventsOf(await response.text())).toEqual([])
})

it('ends with what went wrong, where it is told how', async () => {
  const failing: Source = async function* () {
    yield event(1)
    throw new Error('broken')
  }
  const { app } = await streaming(failing, {
    onError: (error) => ({ id: '2', event: 'error', data: { said: String(error) } }),
  })
  const { payload } = await app.inject('/')
  expect(eventsOf(payload).at(-1)).toEqual({ id: '2', event: 'error', data: { said: 'Error: broken' } })
})
