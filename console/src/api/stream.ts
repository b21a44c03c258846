import { open } from './request.ts'

export interface StreamEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

/** Reads server-sent events. `EventSource` cannot send an API key, so the stream is read here. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const blocks = (rest + value.replaceAll('\r\n', '\n')).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parse(block)
        if (event !== null) yield event
      }
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

function parse(block: string): StreamEvent | null {
  const fields: Record<string, string> = {}
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    fields[name] = name === 'data' && fields['data'] !== undefined ? `${fields['data']}\n${value}` : value
  }
  if (fields['data'] === undefined) return null
  return { id: fields['id'] ?? '', type: fields['event'] ?? 'message', data: JSON.parse(fields['data']) }
}

export async function* ask(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  yield* readEvents(await open('POST', path, { body, signal, accept: 'text/event-stream' }))
}

export async function* follow(path: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  yield* readEvents(await open('GET', path, { signal, accept: 'text/event-stream' }))
}
