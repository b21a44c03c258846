import type { Model, SearchResult } from '../../api/shapes.ts'
import { counted, milliseconds, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { Meter } from '../../parts/meter.tsx'
import type { Serve } from './ask.ts'
import { FusedList } from './fused.tsx'

/** While a migration fills its target, a search can be answered by either model, or by both in one list. */
export function ServeChoice({
  source,
  target,
  chosen,
  onChange,
}: {
  source: Model | undefined
  target: Model
  chosen: Serve | null
  onChange: (serve: Serve) => void
}) {
  const choices: readonly { serve: Serve; name: string; model: Model | undefined }[] = [
    { serve: 'source', name: 'The source', model: source },
    { serve: 'target', name: 'The target', model: target },
    { serve: 'both', name: 'Both, in one list', model: undefined },
  ]
  return (
    <fieldset class="choice serve">
      <legend>Or, while {target.model_name} is filled, answered by</legend>
      {choices.map(({ serve, name, model }) => (
        <label key={serve} class={`chip ${laneClass(model)}`} data-on={chosen === serve}>
          <input
            type="radio"
            name="serve"
            value={serve}
            checked={chosen === serve}
            onChange={() => onChange(serve)}
          />
          <i aria-hidden="true" />
          {name}
        </label>
      ))}
    </fieldset>
  )
}

/** One list, and how much of the corpus each model that answered could see. */
export function Served({
  result,
  serving,
  models,
}: {
  result: SearchResult
  serving: NonNullable<SearchResult['serving']>
  models: readonly Model[]
}) {
  return (
    <section aria-label="Found while the target is filled">
      {serving.reason !== null && <p class="incomplete">{serving.reason} The source answered alone.</p>}
      <ul class="coverages" aria-label="Coverage">
        {result.models.map((name) => {
          const share = result.coverage[name] ?? 1
          return (
            <li key={name} class={laneClass(byName(models, name))}>
              <span>
                <strong>{name}</strong> could see {percent(share)} of the chunks
              </span>
              <Meter share={share} label={`Coverage of ${name}`} height="6px" />
            </li>
          )
        })}
      </ul>
      <p class="quiet">
        {counted(result.hits.length, 'passage')} in {milliseconds(result.took_ms)}.
        {serving.served === 'both' &&
          ` Scores are on the target’s scale; ${counted(serving.sample_pairs ?? 0, 'chunk')} with vectors of both models say how the source’s compare.`}
      </p>
      {result.hits.length === 0 && <p>Nothing was found.</p>}
      <FusedList result={result} models={models} />
    </section>
  )
}
