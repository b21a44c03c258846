import type { Resource } from '../../api/resource.ts'
import type { Doctor, Migration, Status } from '../../api/shapes.ts'
import { counted } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { linkTo } from '../../route.ts'

interface Note {
  readonly key: string
  readonly weight: 'fail' | 'warn' | 'move'
  readonly sentence: string
  readonly hint: string
  readonly link?: { readonly href: string; readonly text: string }
}

/** What needs attention, one sentence each, or that nothing does. */
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
                  ? 'Checking tables, HNSW indexes and query plans…'
                  : 'Nothing seems to need attention. The full check needs an admin key.'
                : `Nothing needs attention: ${counted(report.checks.length, 'check')} of tables, HNSW indexes and query plans passed.`}
            </p>
          </li>
        )}
      </ul>
    </section>
  )
}

const underWay = new Set(['planned', 'filling', 'indexing', 'verifying', 'ready', 'paused', 'cut_over'])

const sentences: Readonly<Record<string, (move: Migration) => readonly [string, string]>> = {
  paused: ({ target_model, error }) => [
    `The migration to ${target_model} is paused.`,
    error === null ? 'Searches continue as before.' : error.message,
  ],
  ready: ({ target_model, source_model }) => [
    `${target_model} is filled and verified.`,
    `Searches use ${source_model} until you cut over.`,
  ],
  cut_over: ({ target_model, source_model }) => [
    `Searches use ${target_model} now.`,
    `${source_model} stays in sync, so you can roll back until you retire it.`,
  ],
}

function moving(moves: readonly Migration[]): Note[] {
  return moves
    .filter((move) => underWay.has(move.state))
    .map((move) => {
      const [sentence, hint] = sentences[move.state]?.(move) ?? [
        `The migration from ${move.source_model} to ${move.target_model} is ${move.state}.`,
        `Searches keep using ${move.source_model}.`,
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
      sentence: `The database schema is at revision ${status.revision}; this service needs revision ${status.latest_revision}.`,
      hint: 'Run revector db run.',
    },
  ]
}

function found(report: Doctor | null, moves: readonly Migration[]): Note[] {
  const shownAbove = moves.some((move) => underWay.has(move.state))
  return (report?.checks ?? [])
    .filter((check) => check.result !== 'ok' && !(shownAbove && check.check === 'migrations'))
    .map((check) => ({
      key: `${check.check} ${check.model}`,
      weight: check.result === 'fail' ? 'fail' : 'warn',
      sentence: check.sentence,
      hint: check.hint.replaceAll('`', ''),
    }))
}
