import type { ComponentChildren } from 'preact'
import type { MigrationStatus } from '../../api/shapes.ts'

export type Verb = 'pause' | 'resume' | 'cancel' | 'cutover' | 'rollback' | 'retire'

const open: readonly Verb[] = ['pause', 'cancel']
/** By state: what can be asked of a migration. */
export const offered: Readonly<Record<MigrationStatus['state'], readonly Verb[]>> = {
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

export const past: Readonly<Record<Verb, string>> = {
  pause: 'Paused.',
  resume: 'Resumed.',
  cancel: 'Cancelled.',
  cutover: 'Cut over.',
  rollback: 'Rolled back.',
  retire: 'Retired.',
}

export function nameOf(
  verb: Verb,
  { state, source_model: source, target_model: target }: MigrationStatus,
): string {
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

export function words(verb: Verb, move: MigrationStatus): { title: string; yes: string; danger: boolean } {
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

/** What it will do, before it does. */
export function explained(
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
      `The vectors of ${source} and their HNSW index are dropped, and their space comes back.`,
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
