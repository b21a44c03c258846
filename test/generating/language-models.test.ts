import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isRevectorError, type RevectorError } from '../../src/core/errors.ts'
import type { ProgressEvent } from '../../src/core/progress.ts'
import type { LanguageModel, LanguageModelSpec } from '../../src/generating/contract.ts'
import { openLanguageModel } from '../../src/generating/open.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import {
  type FakeLanguageModel,
  fakeLanguageModel,
  type LanguageFault,
  type LanguageWire,
} from '../support/providers/language.ts'
import { secretKey } from '../support/providers/open.ts'

const wires = ['openai', 'openai-compatible', 'mistral', 'google', 'cohere'] as const
const prompt = { system: 'Be brief.', user: 'What is it?' }

interface Opened {
  readonly model: LanguageModel
  readonly server: FakeLanguageModel
  readonly clock: FakeClock
  readonly events: readonly ProgressEvent[]
}

async function open(wire: LanguageWire, given: Partial<LanguageModelSpec> = {}): Promise<Opened> {
  const server = await fakeLanguageModel(wire)
  server.says(['It ', 'is ', 'a ', 'test.'])
  const clock = fakeClock()
  const events: ProgressEvent[] = []
  const keys = Object.fromEntries(
    ['OPENAI', 'OPENAI_COMPATIBLE', 'MISTRAL', 'GOOGLE_GENERATIVE_AI', 'COHERE'].map((name) => [
      `${name}_API_KEY`,
      secretKey,
    ]),
  )
  const model = await openLanguageModel(
    {
      provider: wire,
      model: 'some-model',
      baseUrl: server.url,
      maxOutputTokens: 100,
      contextTokens: 4_000,
      timeoutMs: 30_000,
      maxAttempts: 4,
      ...given,
    },
    { keys, onProgress: (event) => events.push(event) },
    { clock, random: () => 0.5 },
  )
  return { model, server, clock, events }
}

/** All that was said, and what ended it. */
async function hear(model: LanguageModel, signal?: AbortSignal) {
  const words: string[] = []
  let end: { cut: boolean; usage: unknown } | undefined
  try {
    for await (const part of model.generate(prompt, { signal })) {
      if (part.type === 'text') words.push(part.text)
      else end = { cut: part.cut, usage: part.usage }
    }
  } catch (error) {
    if (!isRevectorError(error)) throw error
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secretKey.slice(3))
    return { text: words.join(''), end, error: error as RevectorError }
  }
  return { text: words.join(''), end, error: undefined }
}

describe('a language model', () => {
  it.each(wires)('answers in pieces, with what it used (%s)', async (wire) => {
    const { model, server } = await open(wire)
    const heard = await hear(model)
    expect(heard).toEqual({
      text: 'It is a test.',
      end: { cut: false, usage: { inputTokens: 7, outputTokens: 3 } },
      error: undefined,
    })
    expect(server.asked).toMatchObject([prompt])
    expect(model.name).toBe(`${wire}:some-model`)
  })

  it.each(wires)('says when it was cut at the most tokens (%s)', async (wire) => {
    const { model, server } = await open(wire)
    server.fail('length')
    expect(await hear(model)).toMatchObject({ text: 'It is a test.', end: { cut: true } })
  })
})

describe('what a model thinks aloud before its answer', () => {
  it.each([
    [['<think>It may be [1].</think>\n\nIt is.'], 'It is.'],
    [['<', 'thi', 'nk>Is it', '?</th', 'ink>', '\n', 'It ', 'is.'], 'It is.'],
    [['<thinking>\nHm.\n</thinking>It is.'], 'It is.'],
    [['<', '3 ', 'is it.'], '<3 is it.'],
    [['It is <think>.</think>'], 'It is <think>.</think>'],
    [['<', 'th'], '<th'],
  ])('is not said: %j', async (words, text) => {
    const { model, server } = await open('openai-compatible')
    server.says(words)
    expect(await hear(model)).toMatchObject({ text, error: undefined, end: { cut: false } })
  })

  it('is no answer on its own', async () => {
    const { model, server } = await open('openai-compatible', { maxAttempts: 1 })
    server.says(['<think>It may be this', ' or that'])
    expect((await hear(model)).error?.code).toBe('PROVIDER_REPLY_INVALID')
    server.fail('length')
    expect((await hear(model)).error).toMatchObject({ hint: expect.stringContaining('maxOutputTokens') })
  })
})

describe('what passes, before the first word', () => {
  const passing: readonly LanguageFault[] = [
    { status: 429 },
    { status: 500 },
    { status: 503 },
    'reset',
    'cut-at-once',
    'empty',
    'error-in-stream',
    'not-json',
  ]
  for (const fault of passing) {
    it(`is tried again: ${JSON.stringify(fault)}`, async () => {
      const { model, server, clock, events } = await open('openai-compatible')
      server.fail(fault, fault)
      expect(await hear(model)).toMatchObject({ text: 'It is a test.', error: undefined })
      expect(clock.waits).toEqual([375, 750])
      expect(events).toMatchObject([
        { type: 'provider.retry', model: 'some-model', attempt: 1 },
        { attempt: 2 },
      ])
    })
  }

  it.each(wires)('waits as long as the provider asks (%s)', async (wire) => {
    const { model, server, clock } = await open(wire)
    server.fail({ status: 429, headers: { 'retry-after': '7' } })
    expect(await hear(model)).toMatchObject({ text: 'It is a test.' })
    expect(clock.waits).toEqual([7_000])
  })

  it('gives up a request that stays silent, and tries again', async () => {
    const { model, server, clock } = await open('openai-compatible', { timeoutMs: 2_000 })
    server.fail('hang')
    expect(await hear(model)).toMatchObject({ text: 'It is a test.' })
    expect(clock.waits).toEqual([375])
  })
})

describe('what stays', () => {
  it.each([
    [{ status: 429 }, 'RATE_LIMITED', 4],
    [{ status: 500 }, 'PROVIDER_UNAVAILABLE', 4],
    ['reset', 'PROVIDER_UNAVAILABLE', 4],
    ['empty', 'PROVIDER_REPLY_INVALID', 4],
    [{ status: 401 }, 'PROVIDER_REFUSED', 1],
    [{ status: 404 }, 'PROVIDER_REFUSED', 1],
    [{ status: 400 }, 'PROVIDER_REFUSED', 1],
  ] as const)('is an error that says so: %j', async (fault, code, attempts) => {
    const { model, server } = await open('openai')
    server.failAlways(fault)
    const { error } = await hear(model)
    expect(error).toMatchObject({ code, data: { attempts, model: 'some-model' } })
    expect(error?.hint).not.toBe('')
    expect(server.asked).toHaveLength(attempts)
  })

  it('is not waited for when the provider asks for hours', async () => {
    const { model, server } = await open('openai')
    server.failAlways({ status: 429, headers: { 'retry-after': '7200' } })
    expect((await hear(model)).error?.code).toBe('RATE_LIMITED')
    expect(server.asked).toHaveLength(1)
  })

  it.each(wires)('is never taken for a shorter answer when the text breaks off (%s)', async (wire) => {
    for (const fault of ['cut', 'reset-in-words'] as const) {
      const { model, server } = await open(wire)
      server.fail(fault)
      const { text, end, error } = await hear(model)
      expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', data: { broke_off: true } })
      expect([text, end]).toEqual(['It is ', undefined])
      // What was said can't be unsaid: no second request.
      expect(server.asked).toHaveLength(1)
    }
  })

  it.each(wires)('is an error when a piece is no whole JSON (%s)', async (wire) => {
    const { model, server } = await open(wire)
    server.fail('garbled')
    const { error } = await hear(model)
    expect(error?.code).toMatch(/^PROVIDER_(REPLY_INVALID|UNAVAILABLE)$/)
  })

  it('is given up when the text stops coming', async () => {
    const { model, server } = await open('openai-compatible', { timeoutMs: 2_000 })
    server.fail('stall')
    const { text, error } = await hear(model)
    expect(text).toBe('It is ')
    expect(error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('No data for'),
    })
  })

  it('is an error when the provider withholds the answer', async () => {
    const { model, server } = await open('openai')
    server.fail('filtered')
    expect((await hear(model)).error?.code).toBe('PROVIDER_REFUSED')
  })

  it.each(wires)('is an error when the provider says at the end that it failed (%s)', async (wire) => {
    const { model, server } = await open(wire)
    server.fail('failed')
    expect((await hear(model)).error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      data: { broke_off: true },
    })
  })

  it('is PROVIDER_KEY_MISSING without a key, before anything is asked', async () => {
    const spec = {
      provider: 'openai',
      model: 'm',
      baseUrl: null,
      maxOutputTokens: 9,
      contextTokens: 99,
      timeoutMs: 9,
      maxAttempts: 1,
    } as const
    await expect(openLanguageModel(spec, { keys: {} })).rejects.toMatchObject({
      code: 'PROVIDER_KEY_MISSING',
    })
  })

  it('never sends the key of OpenAI to other people’s servers', async () => {
    const server = await fakeLanguageModel()
    const spec = {
      provider: 'openai-compatible',
      model: 'm',
      baseUrl: server.url,
      maxOutputTokens: 9,
      contextTokens: 99,
      timeoutMs: 9_000,
      maxAttempts: 1,
    } as const
    await hear(await openLanguageModel(spec, { keys: { OPENAI_API_KEY: secretKey } }))
    expect(server.headers[0]?.['authorization']).toBeUndefined()
  })
})

describe('whoever does not want to hear more', () => {
  it('interrupts a request that is silent', async () => {
    const { model, server } = await open('openai-compatible')
    server.fail('hang')
    const controller = new AbortController()
    const heard = hear(model, controller.signal)
    await server.requested()
    controller.abort()
    expect((await heard).error?.code).toBe('INTERRUPTED')
    await server.left
  })

  it('interrupts a wait', async () => {
    const { model, server, clock } = await open('openai-compatible')
    server.failAlways({ status: 429, headers: { 'retry-after': '60' } })
    const waiting = clock.stop()
    const controller = new AbortController()
    const heard = hear(model, controller.signal)
    await waiting
    controller.abort()
    expect((await heard).error?.code).toBe('INTERRUPTED')
  })

  it('ends the request by leaving the loop', async () => {
    const { model, server } = await open('openai-compatible')
    server.fail('stall')
    for await (const part of model.generate(prompt)) {
      expect(part.type).toBe('text')
      break
    }
    await server.left
  })
})
