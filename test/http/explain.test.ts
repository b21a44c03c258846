import { expect, it } from 'vitest'
import { fakeProvider } from '../support/providers/server.ts'
import { openApp } from './open-app.ts'
import { call } from './support/calls.ts'

it('a search that explains itself asks a provider for the query’s vector once, in each model', async () => {
  const { app, revector } = await openApp()
  const one = await fakeProvider('openai', 8)
  const other = await fakeProvider('openai', 16)
  for (const [modelName, dimension, { url: baseUrl }] of [
    ['one', 8, one],
    ['other', 16, other],
  ] as const) {
    await revector.models.add({ modelName, dimension, provider: 'openai-compatible', baseUrl })
    const document = { title: 'Tea', content: 'Green tea is not fermented.', embeddingModel: modelName }
    await revector.ingestion.ingestDocument(document)
  }
  const asked = () => [one.requests.length, other.requests.length]
  const [first = 0, second = 0] = asked()

  const alone = await call(app, 'search', { body: { query: 'tea', model: 'one', explain: true } })
  expect(alone.json.explain).toMatchObject([{ model: 'one', plan: expect.arrayContaining([]) }])
  expect(asked()).toEqual([first + 1, second])

  const both = { query: 'tea', models: ['one', 'other'], explain: true }
  const several = await call(app, 'search', { body: both })
  expect(several.json.explain).toMatchObject([{ model: 'one' }, { model: 'other' }])
  expect(asked()).toEqual([first + 2, second + 1])

  const vector = Array.from({ length: 8 }, (_, i) => i + 1)
  const given = await call(app, 'search', { body: { vector, model: 'one', explain: true } })
  expect(given.json.explain).toMatchObject([{ model: 'one' }])
  expect(asked()).toEqual([first + 2, second + 1])
})
