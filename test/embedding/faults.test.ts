import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isRevectorError, type RevectorError } from '../../src/core/errors.ts'
import { type OwnModel, openOwnModel } from '../../src/embedding/own-model.ts'
import { bareEnvironment } from '../support/models.ts'
import { openHosted, secretKey } from '../support/providers/open.ts'
import type { Fault } from '../support/providers/server.ts'
import type { wires } from '../support/providers/wires.ts'

const documents = { kind: 'document' } as const
const texts = ['first text', 'second text', 'third text']

async function failure(work: Promise<unknown>): Promise<RevectorError> {
  const error = await work.then(
    () => new Error('It succeeded.'),
    (thrown: unknown) => thrown,
  )
  if (!isRevectorError(error)) throw error
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secretKey.slice(3))
  return error
}

describe('what passes', () => {
  const passing: [string, Fault][] = [
    ['a rate limit', { status: 429 }],
    ['a server error', { status: 500 }],
    ['an overload', { status: 503 }],
    ['a time-out of the server', { status: 408 }],
    ['a connection that is reset', 'reset'],
    ['a connection that is reset in the reply', 'reset-in-reply'],
    ['a reply that breaks off', 'truncated'],
    ['a page of a proxy', 'not-json'],
  ]
  for (const [name, fault] of passing) {
    it(`is tried again: ${name}`, async () => {
      const { model, provider, clock, events } = await openHosted('openai')
      provider.fail(fault, fault)
      const { vectors } = await model.embed(texts, documents)
      expect(vectors).toHaveLength(3)
      // Half of 0.5 s and 1 s, and half of that half again by chance.
      expect(clock.waits).toEqual([375, 750])
      expect(events).toMatchObject([
        { type: 'provider.retry', model: 'text-embedding-3-small', attempt: 1, waitMs: 375 },
        { type: 'provider.retry', attempt: 2, waitMs: 750 },
      ])
    })
  }

  for (const wire of [
    'openai-compatible',
    'cohere',
    'google',
    'mistral',
    'voyage',
  ] as (keyof typeof wires)[]) {
    it(`is tried again with ${wire}`, async () => {
      const { model, provider, clock } = await openHosted(wire)
      provider.fail({ status: 429, headers: { 'retry-after': '2' } }, { status: 502 }, 'reset')
      expect((await model.embed(texts, documents)).vectors).toHaveLength(3)
      expect(clock.waits[0]).toBe(2000)
    })
  }

  it('waits as long as the provider asks, in seconds, milliseconds or until a date', async () => {
    const { model, provider, clock } = await openHosted('openai')
    const date = new Date(Date.now() + 90_000).toUTCString()
    provider.fail(
      { status: 429, headers: { 'retry-after': '20' } },
      { status: 429, headers: { 'retry-after-ms': '1500' } },
      { status: 503, headers: { 'retry-after': date } },
    )
    await model.embed(texts, documents)
    const [seconds, milliseconds, untilDate] = clock.waits
    expect([seconds, milliseconds]).toEqual([20_000, 1500])
    expect(untilDate).toBeGreaterThan(60_000)
    expect(untilDate).toBeLessThanOrEqual(90_000)
  })

  const doubtful: Fault[] = [
    'zero',
    'null',
    'too-large',
    'short',
    'long',
    'reordered',
    'duplicated',
    'wrong-width',
  ]
  for (const fault of doubtful) {
    it(`is asked for again when it can't be right: ${fault}`, async () => {
      for (const asked of [texts, ['one text']]) {
        const { model, provider } = await openHosted('openai')
        const good = await model.embed(asked, documents)
        provider.fail(fault)
        expect((await model.embed(asked, documents)).vectors).toEqual(good.vectors)
      }
    })
  }

  it('gives up a request that hangs, and tries again', async () => {
    const { model, provider, clock } = await openHosted('openai', { limits: { requestTimeoutMs: 2_000 } })
    provider.fail('hang')
    expect((await model.embed(texts, documents)).vectors).toHaveLength(3)
    expect(clock.waits).toEqual([375])
  })
})

describe('what stays', () => {
  it('is RATE_LIMITED after the last attempt', async () => {
    const { model, provider, clock } = await openHosted('openai', { limits: { maxAttempts: 3 } })
    provider.failAlways({ status: 429 })
    const error = await failure(model.embed(texts, documents))
    expect(error).toMatchObject({ code: 'RATE_LIMITED', data: { status: 429, attempts: 3 } })
    expect(provider.requests).toHaveLength(3)
    expect(clock.waits).toHaveLength(2)
  })

  it('is RATE_LIMITED at once when the provider asks for hours', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways({ status: 429, headers: { 'retry-after': '7200' } })
    expect(await failure(model.embed(texts, documents))).toMatchObject({ code: 'RATE_LIMITED' })
    expect(provider.requests).toHaveLength(1)
  })

  it('is PROVIDER_UNAVAILABLE with the reason', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways({ status: 500 })
    const error = await failure(model.embed(texts, documents))
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', data: { status: 500, attempts: 6 } })
    expect(error.message).toContain('fake 500')
  })

  it('is PROVIDER_UNAVAILABLE where nobody listens', async () => {
    const { model } = await openHosted('openai', { overrides: { baseUrl: 'http://127.0.0.1:9/v1' } })
    const error = await failure(model.embed(texts, documents))
    expect(error.code).toBe('PROVIDER_UNAVAILABLE')
    expect(error.hint).toContain('127.0.0.1:9')
  })

  it('is PROVIDER_REPLY_INVALID when no reply is ever whole', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways('truncated')
    expect(await failure(model.embed(texts, documents))).toMatchObject({ code: 'PROVIDER_REPLY_INVALID' })
  })

  for (const [status, says] of [
    [401, 'OPENAI_API_KEY'],
    [403, 'OPENAI_API_KEY'],
    [404, 'text-embedding-3-small'],
  ] as const) {
    it(`is PROVIDER_REFUSED at once for ${status}`, async () => {
      const { model, provider, clock } = await openHosted('openai')
      const body = { error: { message: `Incorrect API key provided: ${secretKey}` } }
      provider.failAlways({ status, body })
      const error = await failure(model.embed(texts, documents))
      expect(error).toMatchObject({ code: 'PROVIDER_REFUSED', data: { status } })
      expect(error.hint).toContain(says)
      expect(provider.requests).toHaveLength(1)
      expect(clock.waits).toEqual([])
    })
  }

  it('is PROVIDER_REFUSED for an account without credit, though it says 429', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways({ status: 429, body: { error: { message: 'quota', code: 'insufficient_quota' } } })
    expect(await failure(model.embed(texts, documents))).toMatchObject({ code: 'PROVIDER_REFUSED' })
    expect(provider.requests).toHaveLength(1)
  })

  it('asks three times, not a hundred times, when every request is refused', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways({ status: 400 })
    const many = Array.from({ length: 64 }, (_, n) => `text ${n}`)
    const error = await failure(model.embed(many, documents))
    expect(error).toMatchObject({ code: 'PROVIDER_REFUSED' })
    expect(error.data).not.toHaveProperty('index')
    expect(provider.requests.length).toBeLessThan(12)
  })
})

describe('a reply that is no answer', () => {
  for (const [fault, code] of [
    ['short', 'PROVIDER_REPLY_INVALID'],
    ['long', 'PROVIDER_REPLY_INVALID'],
    ['reordered', 'PROVIDER_REPLY_INVALID'],
    ['duplicated', 'PROVIDER_REPLY_INVALID'],
    ['null', 'PROVIDER_REPLY_INVALID'],
    ['too-large', 'PROVIDER_REPLY_INVALID'],
    ['zero', 'PROVIDER_REPLY_INVALID'],
    ['wrong-width', 'EMBEDDING_DIMENSION_MISMATCH'],
  ] as const) {
    it(`is never a result: ${fault}`, async () => {
      for (const wire of ['openai', 'openai-compatible', 'mistral', 'voyage'] as const) {
        const { model, provider } = await openHosted(wire)
        provider.failAlways(fault)
        expect(await failure(model.embed(texts, documents))).toMatchObject({ code })
      }
    })
  }

  for (const wire of ['cohere', 'google'] as const) {
    it(`is never a result of ${wire}, whose replies name no places`, async () => {
      for (const fault of ['short', 'long', 'null', 'too-large', 'zero', 'wrong-width'] as const) {
        const { model, provider } = await openHosted(wire)
        provider.failAlways(fault)
        const { code } = await failure(model.embed(texts, documents))
        expect(code).toMatch(/^(PROVIDER_REPLY_INVALID|EMBEDDING_DIMENSION_MISMATCH)$/)
      }
    })
  }

  it('is asked for three times', async () => {
    for (const fault of ['short', 'wrong-width'] as const) {
      const { model, provider, clock } = await openHosted('openai')
      provider.failAlways(fault)
      await failure(model.embed(texts, documents))
      expect(provider.requests).toHaveLength(3)
      expect(clock.waits).toEqual([375, 750])
    }
  })

  it('is the fault of the provider, not of its texts, when a plain sentence fares no better', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways('zero')
    const many = Array.from({ length: 64 }, (_, n) => `text ${n}`)
    await expect(model.embedEach(many, documents)).rejects.toMatchObject({ code: 'PROVIDER_REPLY_INVALID' })
    expect(provider.requests.length).toBeLessThan(24)
  })

  it('says the guide’s words about a wrong width', async () => {
    const { model, provider } = await openHosted('openai')
    provider.failAlways('wrong-width')
    const error = await failure(model.embed(texts, documents))
    expect(error.message).toMatch(/^Embedding dimension mismatch: /)
    expect(error.data).toEqual({ model: 'text-embedding-3-small', expected: 1536, received: 1535 })
    expect(error.hint).not.toBe('')
  })
})

describe('one bad text', () => {
  for (const how of ['refuse', 'zero', 'null'] as const) {
    it(`does not lose the others (${how})`, async () => {
      const { model, provider } = await openHosted('openai')
      provider.poison('poison', how)
      const many = Array.from({ length: 20 }, (_, n) => (n === 13 ? 'the poison' : `text ${n}`))
      const { outcomes } = await model.embedEach(many, documents)
      const bad = outcomes.flatMap((outcome, place) => (outcome.error === undefined ? [] : [place]))
      expect(bad).toEqual([13])
      expect(outcomes[13]?.error).toMatchObject({
        code: how === 'refuse' ? 'PROVIDER_REFUSED' : 'PROVIDER_REPLY_INVALID',
        data: { index: 13 },
      })
      const alone = await model.embed(['text 12'], documents)
      expect(outcomes[12]?.vector).toEqual(alone.vectors[0])
      expect(await failure(model.embed(many, documents))).toMatchObject({ data: { index: 13 } })
    })
  }

  it('may have as many beside it as a batch holds', async () => {
    const { model, provider } = await openHosted('openai')
    provider.poison('refused')
    provider.poison('zeros', 'zero')
    const bad = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? `refused ${n}` : `zeros ${n}`))
    const { outcomes } = await model.embedEach([...bad, 'the only good text'], documents)
    expect(outcomes.map((outcome) => outcome.error?.code)).toEqual([
      ...bad.map((_, n) => (n % 2 === 0 ? 'PROVIDER_REFUSED' : 'PROVIDER_REPLY_INVALID')),
      undefined,
    ])
  })

  it('may be one window of a long text', async () => {
    const { model, provider } = await openHosted('openai', { limits: { maxInputTokens: 40 } })
    provider.poison('poison')
    const long = `${'A sentence of some length. '.repeat(20)}The poison is here. ${'More follows. '.repeat(20)}`
    const { outcomes } = await model.embedEach(['short', long, 'other'], documents)
    expect(outcomes.map((outcome) => outcome.error?.data['index'])).toEqual([undefined, 1, undefined])
  })
})

describe('a model that the calling program brings', () => {
  const own = (embed: OwnModel['embed']) =>
    openOwnModel({ modelName: 'own', dimension: 2, embed }, bareEnvironment)

  it('is called again when it throws, or gives what can not be right', async () => {
    let calls = 0
    const model = await own(async (asked) => {
      calls += 1
      if (calls === 1) throw new Error('A bad moment.')
      return asked.map(() => (calls === 2 ? [0, 0] : [3, 4]))
    })
    expect((await model.embed(['one'], documents)).vectors).toEqual([Float32Array.of(0.6, 0.8)])
    expect(calls).toBe(3)
  })

  it('fails with what it threw', async () => {
    const cause = new Error('Out of order.')
    const model = await own(async () => {
      throw cause
    })
    const error = await failure(model.embed(['one'], documents))
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', data: { model: 'own' }, cause })
  })
})

describe('interruption', () => {
  it('ends a request that hangs', async () => {
    const { model, provider } = await openHosted('openai')
    provider.fail('hang')
    const controller = new AbortController()
    const call = model.embed(texts, { ...documents, signal: controller.signal })
    await provider.requested()
    controller.abort()
    expect(await failure(call)).toMatchObject({ code: 'INTERRUPTED' })
  })

  it('ends a wait before the next attempt', async () => {
    const { model, provider, clock } = await openHosted('openai')
    provider.failAlways({ status: 429, headers: { 'retry-after': '60' } })
    const waiting = clock.stop()
    const controller = new AbortController()
    const call = model.embed(texts, { ...documents, signal: controller.signal })
    await waiting
    controller.abort()
    expect(await failure(call)).toMatchObject({ code: 'INTERRUPTED' })
    expect(provider.requests).toHaveLength(1)
  })

  it('comes with closing', async () => {
    const { model, provider } = await openHosted('openai')
    provider.fail('hang')
    const call = model.embed(texts, documents)
    await provider.requested()
    await model.close()
    expect(await failure(call)).toMatchObject({ code: 'INTERRUPTED' })
  })
})
