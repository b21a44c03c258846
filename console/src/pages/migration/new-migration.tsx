import { useSignal } from '@preact/signals'
import { type Problem, post, problemOf } from '../../api/request.ts'
import type { MigrationPlan, MigrationStatus, Model, PlanMigration } from '../../api/shapes.ts'
import { count, counted } from '../../format.ts'
import { byName, currentOf, laneClass } from '../../models.ts'
import { announce } from '../../parts/announce.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Failure, Loading } from '../../parts/states.tsx'
import { goTo, route } from '../../route.ts'
import { AddModel } from '../overview/add-model.tsx'
import { Plan } from './plan.tsx'
import { Steps } from './steps.tsx'

/** The user chooses a target, sees the plan and confirms it. */
export function NewMigration({ models: known }: { models: readonly Model[] }) {
  const added = useSignal<readonly Model[]>([])
  const models = [...known, ...added.value.filter((model) => byName(known, model.model_name) === undefined)]
  const source = currentOf(models)
  const targets = models.filter((model) => !model.current && model.state !== 'retired')
  const target = useSignal(route.peek().query.get('to') ?? '')
  const budget = useSignal('')
  const sample = useSignal('')
  const adding = useSignal(false)
  const planning = useSignal(false)
  const plan = useSignal<MigrationPlan | null>(null)
  const problem = useSignal<Problem | null>(null)
  if (source === undefined) return null
  return (
    <section class="card new-move" aria-label="A new migration">
      <form onSubmit={(event) => void ask(event)}>
        <div class="ends">
          <div class={`end ${laneClass(source)}`}>
            <span class="quiet">From the current model</span>
            <strong>{source.model_name}</strong>
            <span class="quiet">{counted(source.dimension, 'dimension')}</span>
          </div>
          <Icon name="arrow" size={28} />
          <div class={`end ${laneClass(byName(models, target.value))}`}>
            <label class="quiet" for="target">
              To
            </label>
            <select
              id="target"
              required
              value={target.value}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              <option value="">Choose a model</option>
              {targets.map((model) => (
                <option key={model.id} value={model.model_name}>
                  {model.model_name} ({count(model.dimension)}, {model.provider})
                </option>
              ))}
            </select>
            <span class="quiet">
              or{' '}
              <button type="button" class="text-button" onClick={() => openAdd(true)}>
                add another model
              </button>
            </span>
          </div>
        </div>
        <div class="plan-options">
          <details>
            <summary>Limits</summary>
            <div class="fields">
              <label class="field">
                <span>Budget in US dollars</span>
                <input
                  type="number"
                  min={0}
                  step="0.01"
                  placeholder="none"
                  value={budget.value}
                  onInput={(event) => {
                    budget.value = event.currentTarget.value
                    plan.value = null
                  }}
                />
                <small>The migration pauses before it spends more.</small>
              </label>
              <label class="field">
                <span>Sample size</span>
                <input
                  type="number"
                  min={1}
                  placeholder="everything"
                  value={sample.value}
                  onInput={(event) => {
                    sample.value = event.currentTarget.value
                    plan.value = null
                  }}
                />
                <small>Number of chunks, to try the model.</small>
              </label>
            </div>
          </details>
          <button type="submit" class="button primary" disabled={target.value === '' || planning.value}>
            {planning.value ? 'Planning…' : 'Show the plan'}
          </button>
        </div>
      </form>
      {planning.value && <Loading what="the plan" rows={1} />}
      {problem.value !== null && <Failure problem={problem.value} />}
      {plan.value !== null && <Plan plan={plan.value} onStart={start} />}
      <Steps source={source.model_name} />
      {adding.value && (
        <AddModel
          onClose={() => openAdd(false)}
          onAdded={(model) => {
            added.value = [...added.value, model]
            choose(model.model_name)
          }}
        />
      )}
    </section>
  )

  function openAdd(yes: boolean): void {
    adding.value = yes
  }

  function choose(name: string): void {
    target.value = name
    plan.value = null
    problem.value = null
  }

  function request(): PlanMigration {
    return {
      target_model: target.value,
      ...(budget.value === '' ? {} : { budget_usd: Number(budget.value) }),
      ...(sample.value === '' ? {} : { scope: { sample: Number(sample.value) } }),
    }
  }

  async function ask(event: Event): Promise<void> {
    event.preventDefault()
    planning.value = true
    problem.value = null
    plan.value = null
    try {
      plan.value = await post<MigrationPlan>('/api/v1/migrations/plan', request())
      announce(`The plan is ready: ${counted(plan.value.missing_chunks, 'chunk')} to embed.`)
    } catch (error) {
      problem.value = problemOf(error)
    }
    planning.value = false
  }

  async function start(): Promise<string> {
    const begun = await post<MigrationStatus>('/api/v1/migrations', { ...request(), consent: true })
    goTo(`migration/${begun.id}`)
    return `The migration to ${begun.target_model} has started.`
  }
}
