import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** The wire formats of language models that the tests speak. */
export type LanguageWire = 'openai' | 'openai-compatible' | 'mistral' | 'google' | 'cohere'

/** What a server of language models may do instead of answering well. */
export type LanguageFault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object }
  /** Answers with half of its words, and with the others when this has happened. */
  | { readonly rest: Promise<void> }
  /** Never answers. */
  | 'hang'
  /** Answers with half of its words, then is silent. */
  | 'stall'
  /** Answers with half of its words, and with the rest when it is told to go on. */
  | 'pause'
  /** The connection is reset before anything came. */
  | 'reset'
  /** The connection is reset in the midst of the words. */
  | 'reset-in-words'
  /** The stream ends in the midst of the words, in order, as a proxy ends it. */
  | 'cut'
  /** The stream ends before the first word. */
  | 'cut-at-once'
  /** Half of a JSON document instead of the next words. */
  | 'garbled'
  /** A page of a proxy. */
  | 'not-json'
  /** An error in the stream instead of words. */
  | 'error-in-stream'
  /** Ends well, without a word. */
  | 'empty'
  /** Reaches the most tokens. */
  | 'length'
  /** Withheld by the provider. */
  | 'filtered'
  /** Says at its end that it failed. */
  | 'failed'

export interface FakeLanguageModel {
  readonly url: string
  /** What was asked: the words of each message, by role. */
  readonly asked: readonly { readonly path: string; readonly system: string; readonly user: string }[]
  /** Headers of each request. */
  readonly headers: readonly Readonly<Record<string, unknown>>[]
  /** What it says from now on, piece by piece; a function sees what it is asked. */
  says(words: readonly string[] | ((asked: { system: string; user: string }) => readonly string[])): void
  fail(...faults: LanguageFault[]): void
  failAlways(fault: LanguageFault): void
  /** After a pause. */
  goOn(): void
  requested(): Promise<void>
  /** Resolves when a client has left before the end. */
  readonly left: Promise<void>
}

type EndReason = 'stop' | 'length' | 'filtered' | 'failed'

interface Frames {
  readonly word: (text: string) => string
  readonly end: (reason: EndReason) => string
  readonly begin: string
}

const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`
const named = (event: string, value: object): string => `event: ${event}\n${sse(value)}`

const chat: Frames = {
  begin: sse({
    id: 'x',
    created: 1,
    model: 'fake',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' } }],
  }),
  word: (content) => sse({ id: 'x', created: 1, model: 'fake', choices: [{ index: 0, delta: { content } }] }),
  end: (reason) => {
    const finish_reason = { stop: 'stop', length: 'length', filtered: 'content_filter', failed: 'error' }[
      reason
    ]
    return `${sse({
      id: 'x',
      created: 1,
      model: 'fake',
      choices: [{ index: 0, delta: { content: '' }, finish_reason }],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    })}data: [DONE]\n\n`
  },
}

const mistral: Frames = {
  ...chat,
  end: (reason) => chat.end(reason).replace('content_filter', 'error'),
}

const google: Frames = {
  begin: '',
  word: (text) => sse({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] }),
  end: (reason) =>
    sse({
      candidates: [
        {
          content: { role: 'model', parts: [] },
          finishReason: {
            stop: 'STOP',
            length: 'MAX_TOKENS',
            filtered: 'SAFETY',
            failed: 'MALFORMED_FUNCTION_CALL',
          }[reason],
        },
      ],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 },
    }),
}

const cohere: Frames = {
  begin:
    named('message-start', { type: 'message-start', id: 'x', delta: { message: { role: 'assistant' } } }) +
    named('content-start', {
      type: 'content-start',
      index: 0,
      delta: { message: { content: { type: 'text', text: '' } } },
    }),
  word: (text) =>
    named('content-delta', { type: 'content-delta', index: 0, delta: { message: { content: { text } } } }),
  end: (reason) =>
    named('content-end', { type: 'content-end', index: 0 }) +
    named('message-end', {
      type: 'message-end',
      delta: {
        finish_reason: { stop: 'COMPLETE', length: 'MAX_TOKENS', filtered: 'ERROR_TOXIC', failed: 'ERROR' }[
          reason
        ],
        usage: { tokens: { input_tokens: 7, output_tokens: 3 } },
      },
    }),
}

const frames: Readonly<Record<LanguageWire, Frames>> = {
  openai: chat,
  'openai-compatible': chat,
  mistral,
  google,
  cohere,
}

/** A server of language models on the loopback interface. It says what the test tells it to. */
export async function fakeLanguageModel(
  wire: LanguageWire = 'openai-compatible',
): Promise<FakeLanguageModel> {
  const { begin, word, end } = frames[wire]
  const asked: { path: string; system: string; user: string }[] = []
  const headers: Readonly<Record<string, unknown>>[] = []
  const queue: LanguageFault[] = []
  let always: LanguageFault | undefined
  let words: readonly string[] | ((question: { system: string; user: string }) => readonly string[]) = [
    'Yes.',
  ]
  let arrived: (() => void)[] = []
  let paused: () => void = () => {}
  let leave: () => void = () => {}
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })

  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    response.on('close', () => {
      if (!response.writableFinished) leave()
    })
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part
    const messages = messagesOf(JSON.parse(text))
    asked.push({ path: request.url ?? '', ...messages })
    headers.push(request.headers)
    for (const resolve of arrived) resolve()
    arrived = []
    const fault = queue.shift() ?? always
    if (fault === 'hang') return
    if (fault === 'reset') return void request.socket.destroy()
    if (typeof fault === 'object' && 'status' in fault) {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
      return void response.end(
        JSON.stringify(fault.body ?? { error: { message: `fake ${fault.status}` }, message: 'fake' }),
      )
    }
    if (fault === 'not-json') {
      response.writeHead(200, { 'content-type': 'text/html' })
      return void response.end('<html>Bad gateway</html>')
    }
    const pieces = typeof words === 'function' ? words(messages) : words
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    await speak(response, pieces, fault)
  })

  async function speak(
    response: ServerResponse,
    pieces: readonly string[],
    fault: LanguageFault | undefined,
  ): Promise<void> {
    response.write(begin)
    if (fault === 'cut-at-once') return void response.end()
    if (fault === 'empty') return void response.end(end('stop'))
    if (fault === 'error-in-stream') {
      return void response.end(sse({ error: { message: 'overloaded', type: 'server_error', code: 500 } }))
    }
    const middle = Math.ceil(pieces.length / 2)
    const half = pieces.slice(0, middle).map(word).join('')
    if (fault === 'reset-in-words')
      return void response.write(half, () => setImmediate(() => response.destroy()))
    if (fault === 'stall') return void response.write(half)
    if (fault === 'pause') {
      paused = () =>
        response.end(
          pieces
            .slice(Math.ceil(pieces.length / 2))
            .map(word)
            .join('') + end('stop'),
        )
      return void response.write(half)
    }
    if (typeof fault === 'object' && 'rest' in fault) {
      response.write(half)
      await fault.rest
      return void response.end(pieces.slice(middle).map(word).join('') + end('stop'))
    }
    if (fault === 'cut') return void response.end(half)
    if (fault === 'garbled') return void response.end(`${half}data: {"choices":[{"del\n\n`)
    const reason = fault === 'length' || fault === 'filtered' || fault === 'failed' ? fault : 'stop'
    response.end(pieces.map(word).join('') + end(reason))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    headers,
    says(next) {
      words = next
    },
    fail: (...faults) => void queue.push(...faults),
    failAlways(fault) {
      always = fault
    },
    goOn: () => paused(),
    requested: () => new Promise((resolve) => arrived.push(resolve)),
    left,
  }
}

interface Body {
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[]
  readonly systemInstruction?: { readonly parts: readonly { readonly text: string }[] }
  readonly contents?: readonly { readonly parts: readonly { readonly text: string }[] }[]
}

function messagesOf(body: Body): { system: string; user: string } {
  if (body.contents !== undefined) {
    const textOf = (parts: readonly { readonly text: string }[] = []) =>
      parts.map(({ text }) => text).join('')
    return {
      system: textOf(body.systemInstruction?.parts),
      user: body.contents.map(({ parts }) => textOf(parts)).join(''),
    }
  }
  const said = (roles: readonly string[]): string =>
    (body.messages ?? [])
      .filter(({ role }) => roles.includes(role))
      .map(({ content }) => contentOf(content))
      .join('')
  return { system: said(['system', 'developer']), user: said(['user']) }
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { readonly text?: string }) => part.text ?? '').join('')
}
