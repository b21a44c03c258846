import type { Model, SearchResult } from '../../api/shapes.ts'
import { counted, milliseconds, percent } from '../../format.ts'
import { byName, laneClass } from '../../models.ts'
import { Meter } from '../../parts/meter.tsx'
import type { Serve } from './ask.ts'
import { FusedList } from './fused.tsx'

/** While a migration fills its target, either model can answer a search, or both in one list. */
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
    { serve: 'source', name: 'Source model', model: source },
    { serve: 'target', name: 'Target model', model: target },
    { serve: 'both', name: 'Both, in one list', model: undefined },
  ]
  return (
    <fieldset class="choice serve">
      <legend>Or, while {target.model_name} is being filled, search</legend>
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

/** One list, with the coverage of each model that was searched. */
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
    <section aria-label="Results during the migration">
      {serving.reason !== null && <p class="incomplete">{serving.reason} Only the source was searched.</p>}
      <ul class="coverages" aria-label="Coverage">
        {result.models.map((name) => {
          const share = result.coverage[name] ?? 1
          return (
            <li key={name} class={laneClass(byName(models, name))}>
              <span>
                <strong>{name}</strong> searched {percent(share)} of the chunks
              </span>
              <Meter share={share} label={`Coverage of ${name}`} height="6px" />
            </li>
          )
        })}
      </ul>
      <p class="quiet">
        {counted(result.hits.length, 'passage')} in {milliseconds(result.took_ms)}.
        {serving.served === 'both' &&
          ` Scores use the target’s scale, calibrated on ${counted(serving.sample_pairs ?? 0, 'chunk')} with vectors of both models.`}
      </p>
      {result.hits.length === 0 && <p>No passages found.</p>}
      <FusedList result={result} models={models} />
    </section>
  )
}
