import { useSignal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'
import { get } from '../../api/request.ts'
import { useResource } from '../../api/resource.ts'
import type { Model, Status } from '../../api/shapes.ts'
import { count } from '../../format.ts'
import { searchable } from '../../models.ts'
import { ModelChoice } from '../../parts/model-name.tsx'
import { Empty, Failure, Loaded, Loading } from '../../parts/states.tsx'
import { noteInAddress, route } from '../../route.ts'

type Atlas = FunctionComponent<{ models: readonly Model[]; chosen: readonly string[]; limit: number }>

export function MapPage() {
  const status = useResource('status', (signal) => get<Status>('/api/v1/status', signal))
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Map</h1>
          <p>
            A sample of chunks. Chunks that a model finds similar are close together. Each colour is a
            document.
          </p>
        </div>
      </header>
      <Loaded of={status} what="the models">
        {({ models, chunks }) =>
          searchable(models).length === 0 || chunks < 5 ? (
            <Empty title="Not enough chunks">
              <p>A map needs at least five embedded chunks.</p>
              <a class="button primary" href="#/documents?add=yes">
                Add documents
              </a>
            </Empty>
          ) : (
            <Choice models={searchable(models)} />
          )
        }
      </Loaded>
    </>
  )
}

function Choice({ models }: { models: readonly Model[] }) {
  const query = route.peek().query
  const named = query
    .get('models')
    ?.split(',')
    .filter((name) => models.some((one) => one.model_name === name))
  const chosen = useSignal<readonly string[]>(
    named !== undefined && named.length > 0 ? named : models.slice(0, 1).map((one) => one.model_name),
  )
  const limit = useSignal(Number(query.get('n') ?? 500))
  const atlas = useSignal<Atlas | null>(null)
  const failed = useSignal(false)

  useEffect(() => {
    noteInAddress('map', { models: chosen.value.join(','), n: limit.value === 500 ? undefined : limit.value })
  }, [chosen.value, limit.value])
  useEffect(() => {
    // Set by assignment: a signal would call a function as an updater.
    import('./atlas.tsx').then(
      (module) => {
        atlas.value = module.Atlas
      },
      () => {
        failed.value = true
      },
    )
  }, [atlas, failed])

  const Drawn = atlas.value
  return (
    <>
      <div class="map-tools">
        <ModelChoice
          models={models}
          chosen={chosen.value}
          legend="Models"
          most={2}
          onChange={(names) => {
            chosen.value = names
          }}
        />
        <label class="inline-field">
          Chunks
          <select
            value={limit.value}
            onChange={(event) => {
              limit.value = Number(event.currentTarget.value)
            }}
          >
            {[200, 500, 1000, 2000].map((n) => (
              <option key={n} value={n}>
                {count(n)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {failed.value && (
        <Failure
          problem={{
            code: 'OFFLINE',
            status: 0,
            detail: 'The map could not be loaded.',
            hint: 'Reload the page.',
          }}
        />
      )}
      {chosen.value.length === 0 ? (
        <Empty title="Choose a model">
          <p>Choose two to compare their maps side by side.</p>
        </Empty>
      ) : Drawn === null ? (
        !failed.value && <Loading what="the map" rows={1} />
      ) : (
        <Drawn models={models} chosen={chosen.value} limit={limit.value} />
      )}
    </>
  )
}
