import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { type Problem, post, problemOf } from '../../api/request.ts'
import type { MigrationStatus } from '../../api/shapes.ts'
import { bytes, date } from '../../format.ts'
import { announce } from '../../parts/announce.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Failure } from '../../parts/states.tsx'
import { acting } from './follow-events.ts'

type Verb = 'pause' | 'resume' | 'cancel' | 'cutover' | 'rollback' | 'retire'

const open: readonly Verb[] = ['pause', 'cancel']
const offered: Readonly<Record<MigrationStatus['state'], readonly Verb[]>> = {
  planned: ['cancel'],
  filling: open,
  indexing: open,
  verifying: open,
  ready: ['cutover', 'pause', 'cancel'],
  paused: ['resume', 'cancel'],
  cut_over: ['rollback', 'retire'],
  rolled_back: ['cancel'],
  retired: [],
  cancelled: [],
}

/** What can be asked of it now. What changes searches or drops vectors says beforehand what it will do. */
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
  const holding = move.holdover_until !== null && Date.parse(move.holdover_until) > Date.now()
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
      </p>
      {asking.value !== null && (
        <Confirm
          {...words(asking.value, move)}
          ready={asking.value !== 'retire' || !holding || force.value}
          act={() => act(asking.value ?? 'pause')}
          onClose={() => {
            asking.value = null
          }}
        >
          {explained(asking.value, move)}
          {asking.value === 'retire' && holding && (
            <label class="tick">
              <input
                type="checkbox"
                checked={force.value}
                onChange={(event) => {
                  force.value = event.currentTarget.checked
                }}
              />
              <span>
                Also before {date(move.holdover_until ?? '')}, until when it was meant to be kept. I know that
                there is no way back.
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
    return done.bytes === undefined ? past[verb] : `${past[verb]} ${bytes(done.bytes)} came back.`
  }
}

const past: Readonly<Record<Verb, string>> = {
  pause: 'Paused.',
  resume: 'Resumed.',
  cancel: 'Cancelled.',
  cutover: 'Cut over.',
  rollback: 'Rolled back.',
  retire: 'Retired.',
}

function nameOf(verb: Verb, { state, source_model: source, target_model: target }: MigrationStatus): string {
  switch (verb) {
    case 'pause':
      return 'Pause'
    case 'resume':
      return 'Resume'
    case 'cancel':
      return state === 'rolled_back' ? `Drop the vectors of ${target}` : 'Cancel'
    case 'cutover':
      return `Cut over to ${target}`
    case 'rollback':
      return `Roll back to ${source}`
    case 'retire':
      return `Retire ${source}`
  }
}

function words(verb: Verb, move: MigrationStatus): { title: string; yes: string; danger: boolean } {
  const yes = verb === 'cancel' && move.state === 'rolled_back' ? 'Drop them' : short[verb]
  return { title: `${nameOf(verb, move)}?`, yes, danger: verb === 'cancel' || verb === 'retire' }
}

const short: Readonly<Record<Verb, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel it',
  cutover: 'Cut over',
  rollback: 'Roll back',
  retire: 'Retire it',
}

function explained(
  verb: Verb,
  { source_model: source, target_model: target, state }: MigrationStatus,
): ComponentChildren {
  const lines: Readonly<Partial<Record<Verb, readonly string[]>>> = {
    cutover: [
      `Searches that name no model use ${target} from the next one on, in every running process.`,
      'It is one short transaction. Nothing is embedded, and no search fails meanwhile.',
      `${source} goes on being written, so rolling back loses nothing.`,
    ],
    rollback: [
      `Searches use ${source} again from the next one on.`,
      'What was written since the cut-over is in it, too. Nothing is embedded.',
      `${target} keeps its vectors; a second move to it costs nothing.`,
    ],
    retire: [
      `The vectors of ${source} and their graph are dropped, and their space comes back.`,
      `Searches are not touched; they use ${target}.`,
      `Going back would mean embedding everything with ${source} again.`,
    ],
    cancel:
      state === 'rolled_back'
        ? [
            `What ${target} got is dropped, and its space comes back.`,
            `Searches use ${source} and are not touched.`,
          ]
        : [
            `Searches use ${source} and are not touched.`,
            `What ${target} got by this migration is dropped. What it cost is spent.`,
          ],
  }
  return (
    <ul>
      {(lines[verb] ?? []).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
