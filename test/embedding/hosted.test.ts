import { describe, expect, it } from 'vitest'
import { keyNames as configured } from '../../src/config/config.ts'
import { specFor } from '../../src/embedding/catalogue.ts'
import { openEmbeddingModel } from '../../src/embedding/open.ts'
import { keyNames } from '../../src/hosted/keys.ts'
import { exerciseEmbeddingModel } from '../../src/testing/exercise-embedding-model.ts'
import { hostedModels, openHosted, secretKey } from '../support/providers/open.ts'
import type { wires } from '../support/providers/wires.ts'

const providers = Object.keys(hostedModels) as (keyof typeof wires)[]

for (const provider of providers) {
  describe(provider, () => {
    exerciseEmbeddingModel(
      async () => (await openHosted(provider)).model,
      { describe, it },
      { longTextWords: 7_000 },
    )
  })
}

const both = async (opened: Awaited<ReturnType<typeof openHosted>>) => {
  await opened.model.embed(['one', 'two'], { kind: 'document' })
  await opened.model.embed(['three'], { kind: 'query' })
  return opened.provider.requests
}

describe('what is sent', () => {
  it('is the text alone to OpenAI, with the key in a header', async () => {
    const [documents, query] = await both(await openHosted('openai'))
    expect(documents?.body).toEqual({
      model: 'text-embedding-3-small',
      input: ['one', 'two'],
      encoding_format: 'float',
    })
    expect(documents?.headers['authorization']).toBe(`Bearer ${secretKey}`)
    expect(query?.texts).toEqual(['three'])
  })

  it('names the width to OpenAI only where it is not the model’s own', async () => {
    const shortened = await openHosted('openai', {
      modelName: 'large-at-256',
      overrides: { provider: 'openai', remoteName: 'text-embedding-3-large', dimension: 256 },
    })
    const [request] = await both(shortened)
    expect(request?.body).toMatchObject({ model: 'text-embedding-3-large', dimensions: 256 })
  })

  it('tells Cohere the kind of text, and not to cut it', async () => {
    const [documents, query] = await both(await openHosted('cohere'))
    expect(documents?.body).toMatchObject({ input_type: 'search_document', truncate: 'NONE' })
    expect(query?.body).toMatchObject({ input_type: 'search_query', truncate: 'NONE' })
    const [v4] = await both(
      await openHosted('cohere', { modelName: 'embed-v4.0', overrides: { dimension: 256 } }),
    )
    expect(v4?.body).toMatchObject({ output_dimension: 256 })
  })

  it('tells Google the task and the width', async () => {
    const google = await openHosted('google', { overrides: { dimension: 768 } })
    const [documents, query] = await both(google)
    expect(documents?.path).toContain(':batchEmbedContents')
    expect(documents?.body).toMatchObject({
      requests: [{ taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 768 }, {}],
    })
    expect(query?.body).toMatchObject({ taskType: 'RETRIEVAL_QUERY', outputDimensionality: 768 })
  })

  it('tells newer models of Google the task in the text', async () => {
    const [documents, query] = await both(await openHosted('google', { modelName: 'gemini-embedding-2' }))
    expect(documents?.texts).toEqual(['title: none | text: one', 'title: none | text: two'])
    expect(query?.texts).toEqual(['task: search result | query: three'])
    expect(JSON.stringify([documents?.body, query?.body])).not.toContain('taskType')
  })

  it('tells Voyage the kind of text, and not to cut it', async () => {
    const [documents, query] = await both(await openHosted('voyage'))
    expect(documents?.body).toMatchObject({ input_type: 'document', truncation: false })
    expect(query?.body).toMatchObject({ input_type: 'query', truncation: false })
  })

  it('has the prefixes of the space before each text', async () => {
    const [documents, query] = await both(await openHosted('openai-compatible'))
    expect(documents?.texts).toEqual(['search_document: one', 'search_document: two'])
    expect(query?.texts).toEqual(['search_query: three'])
    expect(documents?.body).not.toHaveProperty('dimensions')
    expect(documents?.headers).not.toHaveProperty('authorization')
  })

  it('keeps the query of a base URL: Azure’s api-version', async () => {
    const azure = await openHosted('openai-compatible', { path: '?api-version=2024-10-21' })
    const [request] = await both(azure)
    expect(request?.path).toBe('/v1/embeddings?api-version=2024-10-21')
  })

  it('is no request larger than the limits', async () => {
    const { model, provider } = await openHosted('openai', { limits: { batchItems: 4, batchTokens: 30 } })
    await model.embed(
      Array.from({ length: 10 }, (_, n) => `text number ${n} ${'word '.repeat(n)}`),
      { kind: 'document' },
    )
    expect(provider.requests.flatMap((request) => request.texts)).toHaveLength(10)
    for (const { texts } of provider.requests) expect(texts.length).toBeLessThanOrEqual(4)
    expect(provider.requests.length).toBeGreaterThan(3)
  })

  it('is at most as many requests at once as allowed', async () => {
    const { model, provider } = await openHosted('openai', { limits: { batchItems: 1, concurrency: 2 } })
    provider.failAlways('hang')
    const controller = new AbortController()
    const call = model.embed(['a', 'b', 'c', 'd'], { kind: 'document', signal: controller.signal })
    await provider.requested()
    if (provider.requests.length < 2) await provider.requested()
    expect(provider.requests).toHaveLength(2)
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(provider.requests).toHaveLength(2)
  })
})

describe('a key that is not set', () => {
  it('is looked for only where the configuration reads keys', () => {
    expect(new Set(Object.values(keyNames).flat())).toEqual(new Set(configured))
  })

  for (const [provider, variable] of [
    ['openai', 'OPENAI_API_KEY'],
    ['cohere', 'COHERE_API_KEY'],
    ['google', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    ['mistral', 'MISTRAL_API_KEY'],
    ['voyage', 'VOYAGE_API_KEY'],
  ] as const) {
    it(`of ${provider} is named before anything is sent`, async () => {
      const environment = { keys: { [variable]: ' ' }, localModelPath: null, cacheDir: '' }
      await expect(openEmbeddingModel(specFor(hostedModels[provider]), environment)).rejects.toMatchObject({
        code: 'PROVIDER_KEY_MISSING',
        message: expect.stringContaining(variable),
      })
    })
  }
})
