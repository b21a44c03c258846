import type { Model, SearchResult } from '../../api/shapes.ts'
import { counted, milliseconds, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { HitCard } from './hit-card.tsx'

/** One list of several models: each passage shows which models found it, and at which rank. */
export function Fused({ result, models }: { result: SearchResult; models: readonly Model[] }) {
  const behind = result.models.filter((name) => (result.coverage[name] ?? 1) < 1)
  return (
    <section aria-label="Fused results">
      <p class="quiet">
        {counted(result.hits.length, 'passage')}{' '}
        {result.aggregation === 'intersection' ? 'found by all models' : 'found by any model'}, fused by rank
        in {milliseconds(result.took_ms)}. Distances of different models are never compared.
      </p>
      {behind.map((name) => (
        <p key={name} class="incomplete">
          {name} searched only {percent(result.coverage[name] ?? 1)} of the chunks.
        </p>
      ))}
      {result.hits.length === 0 && (
        <p>
          {result.aggregation === 'intersection'
            ? 'No passage was found by all models.'
            : 'No passages found.'}
        </p>
      )}
      <FusedList result={result} models={models} />
    </section>
  )
}

/** Each passage with the models that found it and its rank in each. */
export function FusedList({ result, models }: { result: SearchResult; models: readonly Model[] }) {
  return (
    <ol class="fused">
      {result.hits.map((hit) => (
        <li key={hit.chunk_id} class="fused-row">
          <ul class="sources" aria-label="Found by">
            {result.models.map((name) => {
              const by = hit.models[name]
              return (
                <li key={name} class={laneClass(byName(models, name))} data-found={by !== undefined}>
                  <i aria-hidden="true" />
                  {by === undefined ? (
                    <span class="unseen">not found by {name}</span>
                  ) : (
                    <span title={`${name}, distance ${by.distance.toFixed(4)}`}>
                      {by.rank}
                      <span class="unseen">. in {name}</span>
                    </span>
                  )}
                </li>
              )
            })}
          </ul>
          <ul class="plain-list">
            <HitCard hit={hit} lit={false} />
          </ul>
        </li>
      ))}
    </ol>
  )
}
