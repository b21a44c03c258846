import { useSignal } from '@preact/signals'
import { type Problem, post, problemOf } from '../../api/request.ts'
import type { MigrationStatus } from '../../api/shapes.ts'
import { bytes, date } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Failure } from '../../parts/states.tsx'
import { linkTo } from '../../route.ts'
import { explained, nameOf, offered, past, type Verb, words } from './action-words.tsx'
import { acting } from './follow-events.ts'

/** The actions that a migration allows now. Those that change searches or drop vectors need confirmation. */
export function Actions({
  move,
  path,
  reload,
}: {
  move: MigrationStatus
  path: string
  reload: () => Promise<void>
}) {
  const asking = useSignal<Verb | null>(null)
  const force = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const busy = useSignal(false)
  const verbs = offered[move.state]
  if (verbs.length === 0) {
    return (
      <p class="actions">
        <a class="button" href="#/migration">
          Plan another migration
        </a>
      </p>
    )
  }
  const inRollbackWindow =
    move.rollback_window_until !== null && Date.parse(move.rollback_window_until) > Date.now()
  return (
    <>
      {problem.value !== null && <Failure problem={problem.value} />}
      <p class="actions">
        {verbs.map((verb) => (
          <button
            key={verb}
            type="button"
            class={`button ${verb === 'cutover' || verb === 'resume' ? 'primary' : ''}`}
            disabled={busy.value}
            onClick={() => begin(verb)}
          >
            {nameOf(verb, move)}
          </button>
        ))}
        {move.state === 'rolled_back' && (
          <a class="button" href={linkTo('migration', { to: move.target_model })}>
            Migrate to {move.target_model} again
          </a>
        )}
      </p>
      {asking.value !== null && (
        <Confirm
          {...words(asking.value, move)}
          ready={asking.value !== 'retire' || !inRollbackWindow || force.value}
          act={() => act(asking.value ?? 'pause')}
          onClose={() => {
            asking.value = null
          }}
        >
          {explained(asking.value, move)}
          {asking.value === 'retire' && inRollbackWindow && (
            <label class="tick">
              <input
                type="checkbox"
                checked={force.value}
                onChange={(event) => {
                  force.value = event.currentTarget.checked
                }}
              />
              <span>
                Retire it before the rollback window ends ({date(move.rollback_window_until ?? '')}). I
                understand that rolling back will no longer be possible.
              </span>
            </label>
          )}
        </Confirm>
      )}
    </>
  )

  function begin(verb: Verb): void {
    problem.value = null
    if (verb !== 'pause' && verb !== 'resume') {
      asking.value = verb
      return
    }
    busy.value = true
    act(verb)
      .then(announce, (error) => {
        problem.value = problemOf(error)
      })
      .finally(() => {
        busy.value = false
      })
  }

  async function act(verb: Verb): Promise<string> {
    const body = verb === 'retire' && force.value ? { force: true } : {}
    acting.value = true
    const done = await post<MigrationStatus & { bytes?: number }>(`${path}/${verb}`, body).finally(() => {
      acting.value = false
    })
    await reload()
    return done.bytes === undefined ? past[verb] : `${past[verb]} ${bytes(done.bytes)} freed.`
  }
}
