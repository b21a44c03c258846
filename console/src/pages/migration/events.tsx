import type { MigrationEvent } from '../../api/shapes.ts'
import { bytes, count, counted, milliseconds, time } from '../../format.ts'

type Data = MigrationEvent['data']
const number = (data: Data, name: string): number => Number(data[name] ?? 0)
const list = (data: Data, name: string): string => (Array.isArray(data[name]) ? data[name].join(', ') : '')

const sentences: Readonly<Record<string, (data: Data) => string>> = {
  started: (data) => `Started: ${data['source']} to ${data['target']}`,
  widened: () => 'Scope extended',
  enqueued: (data) =>
    `${counted(number(data, 'chunks'), 'chunk')} queued in ${counted(number(data, 'batches'), 'batch', 'batches')}`,
  retried: (data) => `${counted(number(data, 'chunks'), 'chunk')} queued for another attempt`,
  paused: () => 'Paused',
  resumed: () => 'Resumed',
  filled: () => 'All chunks embedded',
  indexed: (data) => `HNSW index built in ${milliseconds(number(data, 'seconds') * 1_000)}`,
  passed: (data) =>
    list(data, 'overridden') === '' ? 'All gates passed' : `Passed; overridden: ${list(data, 'overridden')}`,
  failed: (data) => `Gates failed: ${list(data, 'gates')}`,
  gaps: (data) => `Found ${counted(number(data, 'missing'), 'chunk')} without a vector: filling again`,
  unindexed: () => 'No valid HNSW index found: rebuilding it',
  cut_over: (data) => `Cut over: searches use ${data['to']}`,
  rolled_back: (data) => `Rolled back: searches use ${data['to']}`,
  retired: (data) => `${data['model']} retired; ${bytes(number(data, 'bytes'))} freed`,
  cancelled: () => 'Cancelled',
  emptied: (data) => `Vectors of ${data['model']} dropped; ${bytes(number(data, 'bytes'))} freed`,
  worker_started: (data) => `Worker started on ${data['host']}`,
  worker_ended: (data) => `Worker stopped after ${counted(number(data, 'chunks'), 'chunk')}`,
  worker_lost: () => 'Worker lost; other workers get its batches',
}

const most = 40

/** The events, the latest first. Batches in a row are one line. */
export function Events({ events }: { events: readonly MigrationEvent[] }) {
  const all = summed(events).toReversed()
  const shown = all.slice(0, most)
  return (
    <section class="card events" aria-label="Events">
      <h2>Events</h2>
      {shown.length === 0 && <p class="quiet">No events yet.</p>}
      <ol>
        {shown.map((line) => (
          <li key={line.key} class={`event event-${line.type}`}>
            <time dateTime={line.at}>{time(line.at)}</time>
            <span>
              {line.text}
              {line.by !== '' && <span class="quiet"> by {line.by}</span>}
            </span>
          </li>
        ))}
      </ol>
      {all.length > most && <p class="quiet">{count(all.length - most)} earlier events are not shown.</p>}
    </section>
  )
}

interface Line {
  readonly key: number
  readonly at: string
  readonly type: string
  readonly text: string
  readonly by: string
}

const byPeople = new Set([
  'started',
  'paused',
  'resumed',
  'cut_over',
  'rolled_back',
  'retired',
  'cancelled',
  'retried',
])

function summed(events: readonly MigrationEvent[]): readonly Line[] {
  const lines: Line[] = []
  let run = { batches: 0, chunks: 0, refused: 0 }
  for (const event of events) {
    if (event.type === 'batch' || event.type === 'quarantined') {
      if (filling.has(lines.at(-1)?.type ?? '')) lines.pop()
      else run = { batches: 0, chunks: 0, refused: 0 }
      if (event.type === 'quarantined') run.refused += 1
      else {
        run.batches += 1
        run.chunks += number(event.data, 'chunks')
      }
      const type = run.refused > 0 ? 'quarantined' : 'batch'
      lines.push({ key: event.id, at: event.at, type, text: runText(run), by: '' })
      continue
    }
    const text = sentences[event.type]?.(event.data) ?? event.type.replaceAll('_', ' ')
    lines.push({
      key: event.id,
      at: event.at,
      type: event.type,
      text,
      by: byPeople.has(event.type) ? event.actor : '',
    })
  }
  return lines
}

const filling = new Set(['batch', 'quarantined'])

function runText({ batches, chunks, refused }: { batches: number; chunks: number; refused: number }): string {
  if (batches === 0) return `${counted(refused, 'chunk')} rejected by the provider`
  const stored = `${counted(batches, 'batch', 'batches')} stored, ${counted(chunks, 'chunk')}`
  return refused === 0 ? stored : `${stored}, ${count(refused)} of them rejected by the provider`
}
