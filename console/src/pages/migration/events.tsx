import type { MigrationEvent } from '../../api/shapes.ts'
import { bytes, count, counted, time } from '../../format.ts'

type Data = MigrationEvent['data']
const number = (data: Data, name: string): number => Number(data[name] ?? 0)
const list = (data: Data, name: string): string => (Array.isArray(data[name]) ? data[name].join(', ') : '')

const sentences: Readonly<Record<string, (data: Data) => string>> = {
  started: (data) => `Started: ${data['source']} to ${data['target']}`,
  widened: () => 'Widened',
  enqueued: (data) =>
    `${counted(number(data, 'chunks'), 'chunk')} laid out in ${counted(number(data, 'batches'), 'batch', 'batches')}`,
  retried: (data) => `${counted(number(data, 'chunks'), 'chunk')} put back to be tried again`,
  paused: () => 'Paused',
  resumed: () => 'Resumed',
  filled: () => 'Nothing is left to embed',
  indexed: (data) => `HNSW index built in ${number(data, 'seconds').toFixed(1)} s`,
  passed: (data) =>
    list(data, 'overridden') === ''
      ? 'All gates passed'
      : `Passed; accepted by hand: ${list(data, 'overridden')}`,
  failed: (data) => `Did not pass: ${list(data, 'gates')}`,
  gaps: (data) => `${counted(number(data, 'missing'), 'chunk')} without a vector found: filling again`,
  unindexed: () => 'No valid HNSW index found: it is built again',
  cut_over: (data) => `Cut over: searches use ${data['to']}`,
  rolled_back: (data) => `Rolled back: searches use ${data['to']}`,
  retired: (data) => `${data['model']} retired; ${bytes(number(data, 'bytes'))} came back`,
  cancelled: () => 'Cancelled',
  emptied: (data) => `${data['model']} dropped; ${bytes(number(data, 'bytes'))} came back`,
  worker_started: (data) => `A worker began at ${data['host']}`,
  worker_ended: (data) => `A worker ended after ${counted(number(data, 'chunks'), 'chunk')}`,
  worker_lost: () => 'A worker was lost; its batches go to another',
}

const most = 40

/** What happened, the latest first. What comes of batches in a row is told together. */
export function Events({ events }: { events: readonly MigrationEvent[] }) {
  const all = summed(events).toReversed()
  const told = all.slice(0, most)
  return (
    <section class="card events" aria-label="What happened">
      <h2>What happened</h2>
      {told.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol>
        {told.map((line) => (
          <li key={line.key} class={`event event-${line.type}`}>
            <time dateTime={line.at}>{time(line.at)}</time>
            <span>
              {line.text}
              {line.by !== '' && <span class="quiet"> by {line.by}</span>}
            </span>
          </li>
        ))}
      </ol>
      {all.length > most && <p class="quiet">{count(all.length - most)} earlier ones are not shown.</p>}
    </section>
  )
}

interface Told {
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

function summed(events: readonly MigrationEvent[]): readonly Told[] {
  const told: Told[] = []
  let run = { batches: 0, chunks: 0, refused: 0 }
  for (const event of events) {
    if (event.type === 'batch' || event.type === 'quarantined') {
      if (filling.has(told.at(-1)?.type ?? '')) told.pop()
      else run = { batches: 0, chunks: 0, refused: 0 }
      if (event.type === 'quarantined') run.refused += 1
      else {
        run.batches += 1
        run.chunks += number(event.data, 'chunks')
      }
      const type = run.refused > 0 ? 'quarantined' : 'batch'
      told.push({ key: event.id, at: event.at, type, text: runText(run), by: '' })
      continue
    }
    const text = sentences[event.type]?.(event.data) ?? event.type.replaceAll('_', ' ')
    told.push({
      key: event.id,
      at: event.at,
      type: event.type,
      text,
      by: byPeople.has(event.type) ? event.actor : '',
    })
  }
  return told
}

const filling = new Set(['batch', 'quarantined'])

function runText({ batches, chunks, refused }: { batches: number; chunks: number; refused: number }): string {
  if (batches === 0) return `${counted(refused, 'chunk')} refused by the provider`
  const stored = `${counted(batches, 'batch', 'batches')} stored, ${counted(chunks, 'chunk')}`
  return refused === 0 ? stored : `${stored}, ${count(refused)} of them refused by the provider`
}
