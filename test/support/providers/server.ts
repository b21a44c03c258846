import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hashText } from '../../../src/embedding/providers/lexical-hash.ts'
import { afterUse } from '../engines.ts'
import { type WireBody, wires } from './wires.ts'

/** What a provider may do instead of answering well. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object }
  /** It answers well, when this has happened. */
  | { readonly after: Promise<void> }
  /** It answers well. */
  | 'none'
  | 'hang'
  | 'reset'
  | 'reset-in-reply'
  | 'truncated'
  | 'not-json'
  | 'short'
  | 'long'
  | 'reordered'
  | 'duplicated'
  | 'null'
  | 'too-large'
  | 'wrong-width'
  | 'zero'

export interface RecordedRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: WireBody
  readonly texts: readonly string[]
}

export interface FakeProvider {
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  /** Each coming request meets one of these; then all is well again. */
  fail(...faults: Fault[]): void
  /** Every request from now on meets this. */
  failAlways(fault: Fault): void
  /** Requests with a text that contains this are answered 400, or with this fault in that text's vector; so often. */
  poison(word: string, how?: 'refuse' | 'zero' | 'null', times?: number): void
  /** Resolves when the next request has arrived. */
  requested(): Promise<void>
}

/** A provider on the loopback interface: its vectors are `lexical-hash`, its manners are up to the test. */
export async function fakeProvider(wireName: keyof typeof wires, dimension: number): Promise<FakeProvider> {
  const wire = wires[wireName]
  const requests: RecordedRequest[] = []
  const queue: Fault[] = []
  const poisons = new Map<string, { readonly how: 'refuse' | 'zero' | 'null'; left: number }>()
  let always: Fault | undefined
  let arrived: (() => void)[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await textOf(request)) as WireBody
    const texts = wire.textsOf(body)
    const path = request.url ?? ''
    requests.push({ path, headers: request.headers, body, texts })
    for (const resolve of arrived) resolve()
    arrived = []
    const fault = queue.shift() ?? always
    if (typeof fault === 'object' && 'after' in fault) await fault.after
    else if (typeof fault === 'object') {
      return send(response, fault.status, fault.body ?? wire.errorOf(`fake ${fault.status}`), fault.headers)
    }
    if (fault === 'hang') return
    if (fault === 'reset') return void request.socket.destroy()
    const poisonOf = (text: string) =>
      [...poisons].find(([word, { left }]) => left > 0 && text.includes(word))?.[1]
    if (texts.some((text) => poisonOf(text)?.how === 'refuse')) {
      return send(response, 400, wire.errorOf('one of the texts is not acceptable'))
    }
    const vectors = texts.map((text) => {
      const poison = poisonOf(text)
      if (poison !== undefined) poison.left -= 1
      const how = poison?.how
      if (how === 'zero') return new Array<number>(dimension).fill(0)
      const vector: (number | null)[] = [...hashText(text, dimension)]
      return how === 'null' ? [null, ...vector.slice(1)] : vector
    })
    const reply = JSON.stringify(
      spoiled(vectors, typeof fault === 'object' ? 'none' : fault, (list, indexes) =>
        wire.replyOf(list, indexes, path),
      ),
    )
    if (fault === 'truncated') return send(response, 200, reply.slice(0, reply.length / 2))
    if (fault === 'not-json') return send(response, 200, '<html>Bad gateway</html>')
    if (fault === 'reset-in-reply') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': reply.length })
      response.write(reply.slice(0, reply.length / 2), () => request.socket.destroy())
      return
    }
    send(response, 200, reply)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterUse(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    fail: (...faults) => void queue.push(...faults),
    failAlways(fault) {
      always = fault
    },
    poison: (word, how = 'refuse', left = Number.POSITIVE_INFINITY) => void poisons.set(word, { how, left }),
    requested: () => new Promise((resolve) => arrived.push(resolve)),
  }
}

type Vectors = readonly (readonly (number | null)[])[]

function spoiled(
  vectors: Vectors,
  fault: Fault | undefined,
  replyOf: (vectors: Vectors, indexes: readonly number[]) => object,
): object {
  const places = vectors.map((_, place) => place)
  const eachFirst = (first: number | null) => vectors.map((vector) => [first, ...vector.slice(1)])
  switch (fault) {
    case 'short':
      return replyOf(vectors.slice(1), places.slice(1))
    case 'long':
      return replyOf([...vectors, vectors[0] ?? []], [...places, places.length])
    case 'reordered':
      return replyOf(vectors.toReversed(), places.toReversed())
    case 'duplicated':
      return replyOf(
        vectors.map(() => vectors[0] ?? []),
        places.map(() => 0),
      )
    case 'null':
      return replyOf(eachFirst(null), places)
    case 'too-large':
      return replyOf(eachFirst(1e39), places)
    case 'wrong-width':
      return replyOf(
        vectors.map((vector) => vector.slice(1)),
        places,
      )
    case 'zero':
      return replyOf(
        vectors.map((vector) => vector.map(() => 0)),
        places,
      )
    default:
      return replyOf(vectors, places)
  }
}

function send(response: ServerResponse, status: number, body: object | string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part
  return text
}
