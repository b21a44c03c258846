import { type ReadonlySignal, signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { problemOf } from '../../api/request.ts'
import type { MigrationEvent } from '../../api/shapes.ts'
import { follow } from '../../api/stream.ts'

/** An action on a migration is running: no polling until it ends, because tables come and go meanwhile. */
export const acting = signal(false)

/** The most events kept; the chart needs no more either. */
const kept = 2_000

/** Past and new events, as a stream that resumes where it broke off. `onNews` is called at most every half second. Once the
 * migration has `ended` for good, the stream is not opened again.
 */
export function useMigrationEvents(
  path: string,
  { onNews, ended }: { readonly onNews: () => void; readonly ended: boolean },
): ReadonlySignal<readonly MigrationEvent[]> {
  const events = useSignal<readonly MigrationEvent[]>([])
  const news = useRef(onNews)
  news.current = onNews
  const final = useRef(ended)
  final.current = ended

  useEffect(() => {
    const stop = new AbortController()
    let last = ''
    let waiting: MigrationEvent[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      timer = undefined
      events.value = [...events.value, ...waiting].slice(-kept)
      waiting = []
      if (!acting.value) news.current()
    }
    void (async () => {
      for (let pause = 500; !stop.signal.aborted; pause = Math.min(pause * 2, 8_000)) {
        try {
          for await (const { id, data } of follow(
            `${path}/events${last === '' ? '' : `?after=${last}`}`,
            stop.signal,
          )) {
            if (id !== '') last = id
            pause = 500
            waiting.push(data as MigrationEvent)
            timer ??= setTimeout(show, events.value.length === 0 ? 60 : 500)
          }
          if (final.current) return
        } catch (error) {
          // Lost or refused: the page's other requests show it. A migration that does not exist will not appear.
          if ([404, 422].includes(problemOf(error).status)) return
        }
        // The stream ends after the cut-over, but a roll-back or retirement may still follow.
        do await new Promise((done) => setTimeout(done, pause))
        while (acting.value)
      }
    })()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, events])

  return events
}
