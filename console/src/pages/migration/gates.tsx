import { useSignal } from '@preact/signals'
import { type Problem, post, problemOf } from '../../api/request.ts'
import type { Gate, MigrationStatus } from '../../api/shapes.ts'
import { date } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Failure } from '../../parts/states.tsx'

const questions: Readonly<Record<Gate['gate'], string>> = {
  coverage: 'Does every chunk have a vector?',
  vectors: 'Are all vectors valid and of the right dimension?',
  index: 'Is the HNSW index built, and do searches use it?',
  recall: 'Does the HNSW index find the nearest vectors?',
  provider: 'Does the provider still return the same vectors?',
  overlap: 'How many nearest neighbours do both models share?',
  quality: 'Is the target as good on judged queries?',
  scope: 'Does it cover the whole corpus?',
}
const names = Object.keys(questions) as Gate['gate'][]
const verifiable = new Set(['verifying', 'ready', 'paused', 'cut_over'])

/** The conditions for the cut-over, as a checklist. */
export function Gates({
  move,
  path,
  reload,
}: {
  move: MigrationStatus
  path: string
  reload: () => Promise<void>
}) {
  const busy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const checked = move.verification
  return (
    <section class="card gates" aria-label="Gates">
      <div class="card-head">
        <h2>Gates</h2>
        {verifiable.has(move.state) && (
          <button type="button" class="button small" disabled={busy.value} onClick={() => void verify([])}>
            {busy.value ? 'Measuring…' : 'Measure again'}
          </button>
        )}
      </div>
      <p class="quiet">
        {checked === null ? 'Measured once all chunks are embedded.' : `Measured ${date(checked.at)}.`}
      </p>
      {problem.value !== null && <Failure problem={problem.value} />}
      <ul>
        {names.map((name) => {
          const gate = checked?.gates.find((one) => one.gate === name)
          const result = resultOf(gate)
          return (
            <li key={name} data-result={result}>
              <Icon name={result === 'passed' ? 'check' : result === 'failed' ? 'cross' : 'dash'} />
              <div>
                <p>
                  <strong>{questions[name]}</strong>
                  <span class="unseen"> {words[result]}</span>
                </p>
                {gate !== undefined && <p class="quiet">{gate.measured}</p>}
                {gate !== undefined && result === 'failed' && (
                  <>
                    <p class="quiet">Expected: {gate.expected}.</p>
                    {gate.required && (
                      <button
                        type="button"
                        class="button small"
                        disabled={busy.value}
                        onClick={() => void verify([name])}
                      >
                        Override (recorded)
                      </button>
                    )}
                  </>
                )}
                {gate?.overridden === true && <p class="quiet">Overridden by an operator.</p>}
              </div>
            </li>
          )
        })}
      </ul>
    </section>
  )

  async function verify(override: readonly Gate['gate'][]): Promise<void> {
    busy.value = true
    problem.value = null
    try {
      await post(`${path}/verify`, override.length === 0 ? {} : { override })
      announce('The gates were measured.')
    } catch (error) {
      problem.value = problemOf(error)
    }
    busy.value = false
    await reload()
  }
}

type Result = 'open' | 'passed' | 'failed' | 'idle'
const words: Readonly<Record<Result, string>> = {
  open: 'not measured yet',
  passed: 'yes',
  failed: 'no',
  idle: 'not required',
}

function resultOf(gate: Gate | undefined): Result {
  if (gate === undefined) return 'open'
  if (!gate.passed && !gate.overridden) return 'failed'
  return gate.passed && !gate.required && gate.gate !== 'overlap' ? 'idle' : 'passed'
}
