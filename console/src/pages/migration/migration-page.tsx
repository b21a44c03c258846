import { useSignal } from '@preact/signals'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { MigrationStatus, Model, Status } from '../../api/shapes.ts'
import { bytes, count, date, dollars, duration, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { Meter } from '../../parts/meter.tsx'
import { ModelName, StateChip } from '../../parts/model-name.tsx'
import { Loaded } from '../../parts/states.tsx'
import { Actions } from './actions.tsx'
import { Events } from './events.tsx'
import { acting, useMigrationEvents } from './follow-events.ts'
import { Gates } from './gates.tsx'
import { Line } from './line.tsx'
import { meaningOf } from './machine.ts'
import { Progress } from './progress.tsx'
import { QuarantineList } from './quarantine-list.tsx'

const over = new Set(['retired', 'cancelled', 'rolled_back'])

export function MigrationPage({ id }: { id: string }) {
  const path = `/api/v1/migrations/${encodeURIComponent(id)}`
  const every = useSignal(2_000)
  const move = useResource(
    path,
    async (signal) => {
      const status = await get<MigrationStatus>(path, signal)
      every.value = over.has(status.state) ? 30_000 : 2_000
      return status
    },
    { every: acting.value ? undefined : every.value },
  )
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal))
  const events = useMigrationEvents(path, () => void move.reload())
  const models = status.data.value?.models ?? []
  return (
    <>
      {move.data.value === null && <h1 class="lone">Migration</h1>}
      <Loaded of={move} what="the migration">
        {(known) => (
          <>
            <header class="page-head">
              <div>
                <p class="crumb">
                  <a href="#/migration">
                    <Icon name="back" size={14} /> All migrations
                  </a>
                </p>
                <h1 class="move-title">
                  <ModelName model={byName(models, known.source_model)} name={known.source_model} />
                  <span class="to" aria-hidden="true">
                    →
                  </span>
                  <span class="unseen">to</span>
                  <ModelName model={byName(models, known.target_model)} name={known.target_model} />
                </h1>
              </div>
              <StateChip state={known.state} />
            </header>
            <Body move={known} models={models} events={events} reload={move.reload} path={path} />
          </>
        )}
      </Loaded>
    </>
  )
}

function Body({
  move,
  models,
  events,
  reload,
  path,
}: {
  move: MigrationStatus
  models: readonly Model[]
  events: ReturnType<typeof useMigrationEvents>
  reload: () => Promise<void>
  path: string
}) {
  const target = byName(models, move.target_model)
  return (
    <div class={`move ${laneClass(target)}`}>
      <section class="card" aria-label="State">
        <Line move={move} />
        <p class="meaning" aria-live="polite">
          {meaningOf(move)}
        </p>
        {move.state === 'paused' && move.error !== null && move.error.by !== 'operator' && (
          <p class="why">
            <Icon name="warn" />
            <span>
              <strong>{move.error.message}</strong> {move.error.hint.replaceAll('`', '')}
            </span>
          </p>
        )}
        <Actions move={move} path={path} reload={reload} />
      </section>
      <section class="card" aria-label="Progress">
        <Figures move={move} />
        <Progress move={move} events={events.value} />
      </section>
      {move.quarantined_chunks > 0 && <QuarantineList path={path} move={move} reload={reload} />}
      <div class="pair">
        <Gates move={move} path={path} reload={reload} />
        <Events events={events.value} />
      </div>
    </div>
  )
}

function Figures({ move }: { move: MigrationStatus }) {
  const share = move.total_chunks === 0 ? 1 : move.done_chunks / move.total_chunks
  const working = move.workers.length
  return (
    <>
      <Meter share={share} thick label="Chunks with a vector" />
      <dl class="facts">
        <div>
          <dt>Chunks</dt>
          <dd>
            {count(move.done_chunks)} of {count(move.total_chunks)}
            <small>
              {percent(share)}
              {move.quarantined_chunks > 0 && `, ${count(move.quarantined_chunks)} in quarantine`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd>
            {move.chunks_per_second === 0 ? '–' : `${count(move.chunks_per_second)} / s`}
            <small>
              {move.eta_seconds === null ? stillness(move) : `${duration(move.eta_seconds)} left`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Spent</dt>
          <dd>
            {dollars(move.cost_usd)}
            <small>
              {count(move.tokens)} tokens
              {move.budget_usd !== null && `, budget ${dollars(move.budget_usd)}`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Workers</dt>
          <dd>
            {working === 0 ? 'None' : count(working)}
            <small>
              {working === 0 ? 'none at work on it now' : move.workers.map((one) => one.host).join(', ')}
            </small>
          </dd>
        </div>
        <div>
          <dt>Space</dt>
          <dd>
            {move.bytes_estimate === null ? '–' : bytes(move.bytes_estimate)}
            <small>vectors and graph, estimated</small>
          </dd>
        </div>
        {move.holdover_until !== null && move.state === 'cut_over' && (
          <div>
            <dt>Way back open until</dt>
            <dd>
              {date(move.holdover_until).replace(/, .*/, '')}
              <small>then the source may be retired</small>
            </dd>
          </div>
        )}
      </dl>
    </>
  )
}

function stillness(move: MigrationStatus): string {
  if (move.done_chunks + move.quarantined_chunks >= move.total_chunks) return 'nothing is left to embed'
  if (move.state === 'paused') return 'paused'
  return move.workers.length === 0 ? 'nobody works' : 'not known yet'
}
