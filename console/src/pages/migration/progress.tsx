import { useEffect, useRef } from 'preact/hooks'
import type { MigrationEvent, MigrationStatus } from '../../api/shapes.ts'
import { counted, duration, rate } from '../../format.ts'
import { type Rates, ratesOf } from './rates.ts'

/** Chart of the rate and the time left. Its code is loaded once there is something to draw. */
export function Progress({ move, events }: { move: MigrationStatus; events: readonly MigrationEvent[] }) {
  const place = useRef<HTMLDivElement>(null)
  const batches = events.filter((event) => event.type === 'batch').length
  const rates = ratesOf(events, move.total_chunks)
  const latest = useRef(rates)
  latest.current = rates
  const drawn = rates !== null

  useEffect(() => {
    const around = place.current
    if (!drawn || around === null) return
    let chart: { show(rates: Rates): void; end(): void } | undefined
    let over = false
    void import('./chart.ts').then(({ drawChart }) => {
      if (over || latest.current === null) return
      chart = drawChart(around, latest.current)
      around.dataset['drawn'] = 'yes'
    })
    const redraw = (): void => {
      if (latest.current !== null) chart?.show(latest.current)
    }
    around.addEventListener('news', redraw)
    return () => {
      over = true
      around.removeEventListener('news', redraw)
      chart?.end()
    }
  }, [drawn])

  useEffect(() => {
    place.current?.dispatchEvent(new Event('news'))
  }, [batches])

  if (!drawn) return null
  return (
    <figure class="chart">
      <figcaption>
        <span>
          <i class="chart-key" aria-hidden="true" /> Chunks per second
        </span>
        <span>
          <i class="chart-key key-left" aria-hidden="true" /> Time left
        </span>
        <span class="unseen">
          {counted(batches, 'batch', 'batches')}; the highest rate was {rate(Math.max(0, ...rates.rate))}{' '}
          chunks per second; {duration(rates.left.at(-1) ?? 0)} left after the latest batch.
        </span>
      </figcaption>
      <div class="chart-place" ref={place} />
    </figure>
  )
}
