import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

export interface ServerEvent {
  /** Sent back as `Last-Event-ID` by a client that lost its line. */
  readonly id: string
  readonly event: string
  /** JSON. */
  readonly data: unknown
}

/** A line on which nothing is said is cut by proxies; a comment keeps it. */
const heartbeatMs = 15_000

export interface StreamOptions {
  /** What becomes of an error in the midst of the stream: its last event. */
  readonly onError?: (error: unknown) => ServerEvent
  readonly heartbeatMs?: number
  /** It comes to an end of its own: a service that stops waits for it. Default: it ends when the service begins to stop. */
  readonly finish?: boolean
}

/**
 * Answers with server-sent events as they come. Reads no faster than the client, and ends with it: give the source the
 * signal of `signalOf(reply)`.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<ServerEvent>,
  options: StreamOptions = {},
): FastifyReply {
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(
      Readable.from(frames(events, options, reply.server.stopping), {
        objectMode: false,
        highWaterMark: 16_384,
      }),
    )
}

async function* frames(
  events: AsyncIterable<ServerEvent>,
  { onError, heartbeatMs: beat = heartbeatMs, finish = false }: StreamOptions,
  serviceStops: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const source = events[Symbol.asyncIterator]()
  const stopping = finish ? new AbortController().signal : serviceStops
  // Headers go out with the first bytes: a client that waits for events wants to know that it is heard.
  yield ': hello\n\n'
  try {
    for (let next = source.next(); ; ) {
      // Whoever stops listening in between leaves it behind.
      next.catch(() => {})
      const came = await within(next, beat, stopping)
      if (stopping.aborted) return
      if (came === null) {
        yield ': still here\n\n'
        continue
      }
      if (came.done === true) return
      yield frame(came.value)
      next = source.next()
    }
  } catch (error) {
    if (onError === undefined) throw error
    yield frame(onError(error))
  } finally {
    // Not waited for: a source in the midst of something ends with its signal.
    source.return?.()?.catch(() => {})
  }
}

/** Null: nothing came in that time, or before the service began to stop. */
async function within<T>(coming: Promise<T>, ms: number, stopping: AbortSignal): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  let stop = (): void => {}
  const late = new Promise<null>((resolve) => {
    stop = () => resolve(null)
    timer = setTimeout(stop, ms)
    stopping.addEventListener('abort', stop, { once: true })
    if (stopping.aborted) stop()
  })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
    stopping.removeEventListener('abort', stop)
  }
}

function frame({ id, event, data }: ServerEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
