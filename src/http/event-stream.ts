import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

export interface ServerEvent {
  /** Sent back as `Last-Event-ID` by a client that lost its connection. */
  readonly id: string
  readonly event: string
  /** JSON. */
  readonly data: unknown
}

/** Proxies cut idle connections; a comment keeps them open. */
const heartbeatMs = 15_000

export interface StreamOptions {
  /** Turns an error in the middle of the stream into its last event. */
  readonly onError?: (error: unknown) => ServerEvent
  readonly heartbeatMs?: number
  /**
   * The stream ends by itself: a stopping service waits for it. Default: it ends when the service starts to
   * stop.
   */
  readonly finish?: boolean
}

/**
 * Sends server-sent events as they come. Reads no faster than the client, and ends with it: pass the signal of
 * `signalOf(reply)` to the source.
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
  // Headers are sent with the first bytes: a client that waits for events wants to know that it is connected.
  yield ': hello\n\n'
  try {
    for (let next = source.next(); ; ) {
      // A client that disconnects in between leaves the iterator behind.
      next.catch(() => {})
      const came = await within(next, beat, stopping)
      if (stopping.aborted) return
      if (came === null) {
        yield ': keep-alive\n\n'
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
    // Not awaited: a source that is busy ends with its signal.
    source.return?.()?.catch(() => {})
  }
}

/** Null: nothing arrived in that time, or before the service started to stop. */
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
