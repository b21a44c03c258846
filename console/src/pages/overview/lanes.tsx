import type { Model, Status } from '../../api/shapes.ts'
import { bytes, count, counted, percent } from '../../format.ts'
import { laneClass, meaningOf } from '../../models.ts'
import { Icon } from '../../parts/icon.tsx'
import { Meter } from '../../parts/meter.tsx'
import { StateChip } from '../../parts/model-name.tsx'
import { linkTo } from '../../route.ts'

const order: readonly Model['state'][] = ['current', 'filling', 'standby', 'registered', 'retired']

/** One lane per model: its thickness shows the dimension, its length the coverage. */
export function Lanes({ status }: { status: Status }) {
  const models = status.models.toSorted(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.id - b.id,
  )
  const running = models.filter((model) => model.embeddings > 0 || model.current || model.state === 'filling')
  const waiting = models.filter((model) => !running.includes(model))
  return (
    <section class="lanes" aria-label="Models">
      <div class="corpus" aria-hidden="true">
        <strong>{count(status.documents)}</strong>
        <span>{status.documents === 1 ? 'document' : 'documents'}</span>
        <strong>{count(status.chunks)}</strong>
        <span>{status.chunks === 1 ? 'chunk' : 'chunks'}</span>
      </div>
      <ul class="running">
        {running.map((model) => (
          <Lane key={model.id} model={model} chunks={status.chunks} />
        ))}
      </ul>
      {waiting.length > 0 && (
        <div class="waiting">
          <h2>Registered, without vectors</h2>
          <ul>
            {waiting.map((model) => (
              <Waiting key={model.id} model={model} movable={status.chunks > 0} />
            ))}
          </ul>
        </div>
      )}
    </section>
  )
}

/** 256 dimensions: 5 px; each doubling 3 px more. */
const thickness = (dimension: number): string =>
  `${Math.max(4, Math.round(5 + 3 * Math.log2(dimension / 256)))}px`

function Lane({ model, chunks }: { model: Model; chunks: number }) {
  const covered = chunks === 0 ? 0 : model.coverage
  return (
    <li
      class={`lane ${laneClass(model)}`}
      data-state={model.state}
      style={{ '--thick': thickness(model.dimension) }}
    >
      <div class="lane-head">
        <h2>{model.model_name}</h2>
        <StateChip state={model.state} />
        <span class="lane-facts">
          {counted(model.dimension, 'dimension')} · {model.provider} · {hnswIndex(model)}
        </span>
      </div>
      <Meter share={covered} height={thickness(model.dimension)} label={`Coverage of ${model.model_name}`} />
      <div class="lane-foot">
        <span>
          <strong>{chunks === 0 ? 'No chunks yet' : percent(model.coverage)}</strong>
          {chunks > 0 && ` · ${count(model.embeddings)} of ${counted(chunks, 'chunk')}`}
        </span>
        <span class="quiet">{meaningOf(model)}</span>
        <span class="lane-links">
          {model.embeddings > 0 && (
            <a href={linkTo('search', { models: model.model_name })}>
              Search<span class="unseen"> with {model.model_name}</span>
            </a>
          )}
          {!model.current && model.state !== 'filling' && <MoveLink model={model} />}
        </span>
      </div>
      {model.current && (
        <span class="terminus">
          <Icon name="search" size={16} /> searches
        </span>
      )}
    </li>
  )
}

function hnswIndex({ index }: Model): string {
  if (index === null) return 'exact search, no HNSW index'
  return index.valid ? `HNSW index of ${bytes(index.bytes)}` : 'HNSW index invalid'
}

function Waiting({ model, movable }: { model: Model; movable: boolean }) {
  return (
    <li class={laneClass(model)}>
      <i class="dots" style={{ height: thickness(model.dimension) }} aria-hidden="true" />
      <p>
        <strong>{model.model_name}</strong>{' '}
        <span class="quiet">
          {count(model.dimension)} · {model.provider}
          {model.state === 'retired' && ' · retired'}
        </span>
      </p>
      {movable && model.state !== 'retired' && <MoveLink model={model} />}
    </li>
  )
}

function MoveLink({ model }: { model: Model }) {
  return (
    <a href={linkTo('migration', { to: model.model_name })}>
      Migrate to it<span class="unseen">: {model.model_name}</span>
    </a>
  )
}
