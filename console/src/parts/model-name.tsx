import type { Model } from '../api/shapes.ts'
import { count } from '../format.ts'
import { laneClass } from '../models.ts'

/** A model's name in its colour: a short piece of its lane before it. */
export function ModelName({ model, name }: { model?: Model; name?: string }) {
  return (
    <span class={`model-name ${laneClass(model)}`}>
      <i aria-hidden="true" />
      {name ?? model?.model_name}
    </span>
  )
}

export function StateChip({ state }: { state: string }) {
  return <span class={`state state-${state}`}>{state.replaceAll('_', ' ')}</span>
}

/** The user chooses up to `most` models. */
export function ModelChoice({
  models,
  chosen,
  onChange,
  legend,
  most = 4,
}: {
  models: readonly Model[]
  chosen: readonly string[]
  onChange: (names: readonly string[]) => void
  legend: string
  most?: number
}) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      {models.map((model) => {
        const on = chosen.includes(model.model_name)
        return (
          <label key={model.id} class={`chip ${laneClass(model)}`} data-on={on}>
            <input
              type="checkbox"
              checked={on}
              disabled={!on && chosen.length >= most}
              onChange={() =>
                onChange(
                  on ? chosen.filter((name) => name !== model.model_name) : [...chosen, model.model_name],
                )
              }
            />
            <i aria-hidden="true" />
            {model.model_name}
            <small>{count(model.dimension)}</small>
          </label>
        )
      })}
    </fieldset>
  )
}
