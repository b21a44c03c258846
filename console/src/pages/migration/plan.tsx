import { useSignal } from '@preact/signals'
import { type Problem, problemOf } from '../../api/request.ts'
import type { MigrationPlan } from '../../api/shapes.ts'
import { bytes, count, counted, dollars, duration, exactDollars } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Failure } from '../../parts/states.tsx'

/** The plan of a migration, and the form that confirms it. */
export function Plan({ plan, onStart }: { plan: MigrationPlan; onStart: () => Promise<string> }) {
  const agreed = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const cost = plan.cost_usd_estimate
  const price = plan.price_per_million_tokens
  return (
    <section class="plan" aria-label="The plan">
      <dl class="facts">
        <div>
          <dt>Chunks to embed</dt>
          <dd>
            {count(plan.missing_chunks)}
            <small>{present(plan)}</small>
          </dd>
        </div>
        <div>
          <dt>Cost</dt>
          <dd>
            {cost === null ? 'Unknown' : dollars(cost)}
            <small>
              {plan.tokens_exact ? '' : 'about '}
              {counted(plan.tokens, 'token')}
              {price === null ? '' : ` at ${exactDollars(price)} per million`}
            </small>
          </dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>
            {plan.missing_chunks === 0 ? 'None' : duration(plan.eta_seconds)}
            <small>{timeFrom(plan)}</small>
          </dd>
        </div>
        <div>
          <dt>Space</dt>
          <dd>
            {bytes(plan.bytes_estimate)}
            <small>
              {bytes(plan.vector_bytes)} of vectors, {bytes(plan.index_bytes)} of HNSW index
            </small>
          </dd>
        </div>
      </dl>
      {plan.warnings.map((warning) => (
        <p key={warning} class="incomplete">
          {warning}
        </p>
      ))}
      {problem.value !== null && <Failure problem={problem.value} />}
      <div class="consent">
        <label class="tick">
          <input
            type="checkbox"
            checked={agreed.value}
            onChange={(event) => {
              agreed.value = event.currentTarget.checked
            }}
          />
          <span>
            Yes, embed {counted(plan.missing_chunks, 'chunk')} with {plan.target_model}
            {cost === null
              ? ' at an unknown price'
              : cost === 0
                ? ' at no cost'
                : ` for about ${dollars(cost)}`}
            {plan.budget_usd !== null && `, and spend at most ${dollars(plan.budget_usd)}`}.
          </span>
        </label>
        <button
          type="button"
          class="button primary"
          disabled={!agreed.value || busy.value}
          onClick={() => void start()}
        >
          {busy.value ? 'Working…' : 'Start the migration'}
        </button>
      </div>
    </section>
  )

  async function start(): Promise<void> {
    busy.value = true
    problem.value = null
    try {
      announce(await onStart())
    } catch (error) {
      problem.value = problemOf(error)
      busy.value = false
    }
  }
}

function present({
  corpus_chunks,
  total_chunks,
  done_chunks,
  saved_by_identical_content: same,
}: MigrationPlan): string {
  const parts = [
    total_chunks < corpus_chunks ? `of a sample of ${count(total_chunks)}` : `of ${count(total_chunks)}`,
    done_chunks > 0 ? `${count(done_chunks)} already embedded` : '',
    same > 0 ? `${count(same)} cost nothing: their text is not new` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function timeFrom({ eta_from, probe }: MigrationPlan): string {
  return probe.texts === 0
    ? `with one worker (${eta_from})`
    : `with one worker, measured on ${counted(probe.texts, 'text')}`
}
