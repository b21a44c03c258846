import { useEffect, useRef } from 'preact/hooks'
import type { MigrationStatus } from '../../api/shapes.ts'
import { lineOf, reached, type Station, stations } from './machine.ts'

const width = 908

/** The state machine as a line with stations; the current state is lit. */
export function Line({ move }: { move: MigrationStatus }) {
  const way = reached(move)
  const stationOf = (state: string): Station | undefined => stations.find((one) => one.state === state)
  const end = stationOf(lineOf[way] ?? 'planned')
  const here = stationOf(move.state)
  const first = stationOf('planned')
  const last = stationOf('retired')
  const ready = stationOf('ready')
  const cut = stationOf('cut_over')
  const paused = stationOf('paused')
  const back = stationOf('rolled_back')
  const filling = stationOf('filling')
  const gone = stationOf('cancelled')
  const figure = useRef<HTMLElement>(null)
  const x = here?.x ?? 0
  // On a narrow screen, scroll to the current station.
  useEffect(() => {
    const { scrollWidth = 0, clientWidth = 0 } = figure.current ?? {}
    figure.current?.scrollTo({ left: (x / width) * scrollWidth - clientWidth / 2 })
  }, [x])
  if (!first || !last || !ready || !cut || !paused || !back || !filling || !gone) return null
  const low = paused.y
  return (
    <figure class="line scroll" ref={figure}>
      <svg viewBox={`0 0 ${width} 216`} aria-hidden="true">
        <path
          class="loop"
          d={`M${ready.x} ${first.y - 14}C${ready.x - 40} 14 ${filling.x + 40} 14 ${filling.x} ${first.y - 14}`}
        />
        <text class="loop-name" x={(filling.x + ready.x) / 2} y="18">
          gaps found
        </text>
        <path
          class="branch"
          data-on={move.state === 'paused'}
          d={`M${first.x + 30} ${first.y}C${first.x + 80} ${first.y} ${first.x + 60} ${low} ${first.x + 128} ${low}H${ready.x - 60}C${ready.x} ${low} ${ready.x - 30} ${first.y} ${ready.x + 30} ${first.y}`}
        />
        <path class="branch" data-on={move.state === 'cancelled'} d={`M${first.x + 128} ${low}H${gone.x}`} />
        <path
          class="branch"
          data-on={move.state === 'rolled_back'}
          d={`M${cut.x} ${cut.y}C${cut.x + 70} ${cut.y} ${back.x - 80} ${low} ${back.x} ${low}`}
        />
        <path class="main" d={`M${first.x} ${first.y}H${last.x}`} />
        {end !== undefined && move.state !== 'cancelled' && (
          <path class="done" d={`M${first.x} ${first.y}H${end.x}`} />
        )}
        {stations.map((station) => {
          const place = lineOf.indexOf(station.state)
          // A migration that was rolled back had been cut over.
          const reachedTo = move.state === 'rolled_back' ? way : way - 1
          const passed = move.state !== 'cancelled' && place >= 0 && place <= reachedTo
          return (
            <g key={station.state} class="station" data-here={station === here} data-passed={passed}>
              {station === here && <circle class="halo" cx={station.x} cy={station.y} r="19" />}
              <circle cx={station.x} cy={station.y} r={station === here ? 11 : 8} />
              <text x={station.x} y={station.y + 36}>
                {station.name}
              </text>
            </g>
          )
        })}
      </svg>
      <figcaption class="unseen">
        States in order: {lineOf.join(', ').replace('_', ' ')}. Current state: {move.state.replace('_', ' ')}
        {move.state === 'paused' && move.paused_from !== null && `, resumes with ${move.paused_from}`}.
      </figcaption>
    </figure>
  )
}
