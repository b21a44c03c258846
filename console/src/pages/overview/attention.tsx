import type { Resource } from '../../api/resource.ts'
import type { Doctor, Migration, Status } from '../../api/shapes.ts'
import { Icon } from '../../parts/icon.tsx'
import { linkTo } from '../../route.ts'

interface Note {
  readonly key: string
  readonly weight: 'fail' | 'warn' | 'move'
  readonly sentence: string
  readonly hint: string
  readonly link?: { readonly href: string; readonly text: string }
}

/** What wants somebody's attention, in sentences; when nothing does, that. */
export function Attention({
  status,
  doctor,
  moves,
}: {
  status: Status
  doctor: Resource<Doctor>
  moves: readonly Migration[]
}) {
  const report = doctor.data.value
  const notes = [...moving(moves), ...behind(status), ...found(report, moves)]
  return (
    <section class="attention" aria-label="What needs attention">
      <ul>
        {notes.map((note) => (
          <li key={note.key} class={`note note-${note.weight}`}>
            <Icon name={note.weight === 'move' ? 'migration' : 'warn'} />
            <div>
              <p>{note.sentence}</p>
              {note.hint !== '' && <p class="quiet">{note.hint}</p>}
            </div>
            {note.link !== undefined && (
              <a class="button small" href={note.link.href}>
                {note.link.text}
              </a>
            )}
          </li>
        ))}
        {notes.length === 0 && (
          <li class="note note-fine">
            <Icon name={report === null ? 'dash' : 'check'} />
            <p>
              {report === null
                ? doctor.problem.value === null
                  ? 'Looking at tables, HNSW indexes and plans…'
                  : 'Nothing seems to need attention; a closer look needs a key that may administer.'
                : `Nothing needs attention. ${report.checks.length} checks of tables, HNSW indexes and plans are fine.`}
            </p>
          </li>
        )}
      </ul>
    </section>
  )
}

const underWay = new Set(['planned', 'filling', 'indexing', 'verifying', 'ready', 'paused', 'cut_over'])

const saying: Readonly<Record<string, (move: Migration) => readonly [string, string]>> = {
  paused: ({ target_model, error }) => [
    `The move to ${target_model} is paused.`,
    error === null ? 'Searches go on as before.' : error.message,
  ],
  ready: ({ target_model, source_model }) => [
    `${target_model} is filled and verified.`,
    `Searches use ${source_model} until somebody cuts over.`,
  ],
  cut_over: ({ target_model, source_model }) => [
    `Searches use ${target_model} now.`,
    `${source_model} is kept up to date, so going back is one click, until it is retired.`,
  ],
}

function moving(moves: readonly Migration[]): Note[] {
  return moves
    .filter((move) => underWay.has(move.state))
    .map((move) => {
      const [sentence, hint] = saying[move.state]?.(move) ?? [
        `A move from ${move.source_model} to ${move.target_model} is under way: ${move.state}.`,
        'Searches go on with the source meanwhile.',
      ]
      return {
        key: `move-${move.id}`,
        weight: move.state === 'paused' ? 'warn' : 'move',
        sentence,
        hint,
        link: { href: linkTo(`migration/${move.id}`), text: 'Open' },
      }
    })
}

function behind(status: Status): Note[] {
  if (status.revision >= status.latest_revision) return []
  return [
    {
      key: 'revision',
      weight: 'fail',
      sentence: `The schema is at revision ${status.revision}, this service knows ${status.latest_revision}.`,
      hint: 'Run revector db run.',
    },
  ]
}

function found(report: Doctor | null, moves: readonly Migration[]): Note[] {
  const told = moves.some((move) => underWay.has(move.state))
  return (report?.checks ?? [])
    .filter((check) => check.result !== 'ok' && !(told && check.check === 'migrations'))
    .map((check) => ({
      key: `${check.check} ${check.model}`,
      weight: check.result === 'fail' ? 'fail' : 'warn',
      sentence: check.sentence,
      hint: check.hint.replaceAll('`', ''),
    }))
}
