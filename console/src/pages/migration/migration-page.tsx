import { useSignal } from '@preact/signals'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { MigrationStatus, Model, Status } from '../../api/shapes.ts'
import { byName, laneClass } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { ModelName, StateChip } from '../../parts/model-name.tsx'
import { Loaded } from '../../parts/states.tsx'
import { Actions } from './actions.tsx'
import { Events } from './events.tsx'
import { Figures } from './figures.tsx'
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
  const state = move.data.value?.state
  const events = useMigrationEvents(path, {
    onNews: () => void move.reload(),
    ended: state === 'retired' || state === 'cancelled',
  })
  const models = status.data.value?.models ?? []
  return (
    <>
      <p class="crumb">
        <a href="#/migration">
          <Icon name="back" size={14} /> All migrations
        </a>
      </p>
      {move.data.value === null && <h1 class="lone">Migration</h1>}
      <Loaded of={move} what="the migration">
        {(known) => (
          <>
            <header class="page-head">
              <h1 class="move-title">
                <ModelName model={byName(models, known.source_model)} name={known.source_model} />
                <span class="to" aria-hidden="true">
                  →
                </span>
                <span class="unseen">to</span>
                <ModelName model={byName(models, known.target_model)} name={known.target_model} />
              </h1>
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
