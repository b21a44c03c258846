import { createHash, randomBytes } from 'node:crypto'
import type { AnswerEvent } from '../library/revector.ts'
import { encode } from '../wire/codec.ts'
import { query } from './contract/query.ts'
import type { ServerEvent } from './event-stream.ts'

/** How long an answer continues, or is kept, for a client that lost its connection, in ms. */
const graceMs = 5_000
/** Most finished answers that are kept: the oldest are dropped first. */
const mostKept = 100

/** Identifies the client and the request: only the same request can resume a stream. */
export interface Asker {
  readonly owner: string
  readonly body: unknown
}

export interface AnswerStream {
  /** Resolves with the first event or the end; throws what kept the answer from starting. */
  begun(): Promise<void>
  /** The events after a given one, and new ones. Ends with the signal; throws what broke the answer off. */
  read(after: number, signal: AbortSignal): AsyncGenerator<ServerEvent, void, undefined>
  /** When no more requests are sent to a provider. */
  readonly ended: Promise<void>
}

/**
 * Answers in progress. An answer whose client has disconnected continues for a moment: a client that returns
 * with the id of the last event seen gets the rest, and no provider is called twice. Then it is cancelled.
 */
export function createAnswerStreams(given: { readonly graceMs?: number } = {}) {
  const wait = given.graceMs ?? graceMs
  const streams = new Map<
    string,
    { readonly stream: AnswerStream; readonly request: string; ended: boolean }
  >()
  const stops = new Set<() => void>()

  function open(asker: Asker, source: (signal: AbortSignal) => AsyncIterable<AnswerEvent>): AnswerStream {
    const id = randomBytes(9).toString('base64url')
    const cancelled = new AbortController()
    const events: ServerEvent[] = []
    let over = false
    let failure: { readonly error: unknown } | undefined
    let wake: () => void = () => {}
    let more = new Promise<void>((resolve) => {
      wake = resolve
    })
    let readers = 0
    let timer: NodeJS.Timeout | undefined

    function tell(): void {
      wake()
      more = new Promise((resolve) => {
        wake = resolve
      })
    }

    function linger(): void {
      clearTimeout(timer)
      if (readers > 0) return
      timer = setTimeout(drop, wait)
      timer.unref()
    }

    function drop(): void {
      clearTimeout(timer)
      cancelled.abort()
      streams.delete(id)
      stops.delete(drop)
    }

    async function run(): Promise<void> {
      try {
        for await (const event of source(cancelled.signal)) {
          events.push({ id: `${id}.${events.length + 1}`, event: event.type, data: jsonOf(event) })
          tell()
        }
      } catch (error) {
        failure = { error }
      }
      over = true
      const kept = streams.get(id)
      if (kept !== undefined) kept.ended = true
      tell()
      linger()
    }

    async function* read(after: number, signal: AbortSignal): AsyncGenerator<ServerEvent, void, undefined> {
      readers += 1
      clearTimeout(timer)
      const gone = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true })
        if (signal.aborted) resolve()
      })
      try {
        for (let next = after; ; ) {
          for (let event = events[next]; event !== undefined; event = events[next]) {
            next += 1
            yield event
          }
          if (over) {
            if (failure !== undefined) throw failure.error
            return
          }
          await Promise.race([more, gone])
          if (signal.aborted) return
        }
      } finally {
        readers -= 1
        linger()
      }
    }

    const stream: AnswerStream = {
      async begun() {
        while (events.length === 0 && !over) await more
        if (events.length === 0 && failure !== undefined) {
          drop()
          throw failure.error
        }
        linger()
      },
      read,
      ended: run(),
    }
    streams.set(id, { stream, request: fingerprint(asker), ended: false })
    stops.add(drop)
    forgetOldest()
    return stream
  }

  function forgetOldest(): void {
    const ended = [...streams].filter(([, kept]) => kept.ended)
    for (const [id] of ended.slice(0, Math.max(0, ended.length - mostKept))) streams.delete(id)
  }

  return {
    open,
    /**
     * The stream of an event that the client has seen, and its position there; null: it is gone, or belongs to
     * another client.
     */
    find(
      lastEventId: string,
      asker: Asker,
    ): { readonly stream: AnswerStream; readonly after: number } | null {
      const [, id = '', place = ''] = /^([\w-]{12})\.(\d{1,9})$/.exec(lastEventId) ?? []
      const kept = streams.get(id)
      if (kept === undefined || kept.request !== fingerprint(asker)) return null
      return { stream: kept.stream, after: Number(place) }
    },
    /** Cancels all answers in progress. */
    close(): void {
      for (const stop of stops) stop()
    },
  }
}

function fingerprint({ owner, body }: Asker): string {
  return createHash('sha256')
    .update(JSON.stringify([owner, body]))
    .digest('base64')
}

/** What an event carries; its name is the event's type. */
function jsonOf(event: AnswerEvent): unknown {
  const { events } = query
  switch (event.type) {
    case 'hits':
      return encode(events.hits, event)
    case 'text':
      return encode(events.text, { delta: event.text })
    case 'citation':
      return encode(events.citation, event.citation)
    case 'done':
      return encode(events.done, event.answer)
  }
}
