import { expect, it } from 'vitest'
import { fakeLanguageModel } from '../support/providers/language.ts'
import { openApp } from './open-app.ts'

const url = '/api/v1/query'
const payload = { query: 'How do I close the pool?' }
const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }

it('streams of answers are among those of which so many may be open', async () => {
  const model = await fakeLanguageModel()
  const { app, revector } = await openApp({
    serve: { maxStreams: 1 },
    library: {
      languageModel: { provider: 'openai-compatible', model: 'fake', baseUrl: model.url, maxAttempts: 1 },
    },
  })
  await revector.ingestion.ingestDocument({ title: 'Pools', content: 'To close the pool, call end.' })
  const at = await app.listen({ host: '127.0.0.1', port: 0 })
  const stream = () => app.inject({ method: 'POST', url, payload, headers })

  model.says(['Call ', 'end [1].'])
  let finish: () => void = () => {}
  model.fail({
    rest: new Promise((resolve) => {
      finish = resolve
    }),
  })
  const first = await fetch(`${at}${url}`, { method: 'POST', headers, body: JSON.stringify(payload) })
  const refused = await stream()
  expect([refused.statusCode, refused.json().code]).toEqual([503, 'OVERLOADED'])
  expect(refused.headers['retry-after']).toBe('1')
  // One that is not streamed holds no place of those.
  expect((await app.inject({ method: 'POST', url, payload })).statusCode).toBe(200)
  finish()
  expect(await first.text()).toContain('event: done')
  expect((await stream()).statusCode).toBe(200)
  // Nor does one that failed before it began.
  const unknown = { ...payload, model: 'none' }
  expect((await app.inject({ method: 'POST', url, payload: unknown, headers })).statusCode).toBe(404)
  expect((await stream()).statusCode).toBe(200)
})
