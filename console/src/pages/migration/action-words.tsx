import type { ComponentChildren } from 'preact'
import type { MigrationStatus } from '../../api/shapes.ts'

export type Verb = 'pause' | 'resume' | 'cancel' | 'cutover' | 'rollback' | 'retire'

const open: readonly Verb[] = ['pause', 'cancel']
/** By state: the actions a migration allows. */
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
      return state === 'rolled_back' ? `Drop the vectors of ${target}` : 'Cancel migration'
    case 'cutover':
      return `Cut over to ${target}`
    case 'rollback':
      return `Roll back to ${source}`
    case 'retire':
      return `Retire ${source}`
  }
}

export function words(verb: Verb, move: MigrationStatus): { title: string; yes: string; danger: boolean } {
  const yes = verb === 'cancel' && move.state === 'rolled_back' ? 'Drop vectors' : short[verb]
  return { title: `${nameOf(verb, move)}?`, yes, danger: verb === 'cancel' || verb === 'retire' }
}

const short: Readonly<Record<Verb, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel migration',
  cutover: 'Cut over',
  rollback: 'Roll back',
  retire: 'Retire model',
}

/** What the action will do. */
export function explained(
  verb: Verb,
  { source_model: source, target_model: target, state }: MigrationStatus,
): ComponentChildren {
  const lines: Readonly<Partial<Record<Verb, readonly string[]>>> = {
    cutover: [
      `${target} becomes the default model for searches, immediately and in every running process.`,
      'The cut-over is one short transaction. Nothing is embedded and no search fails.',
      `${source} stays in sync, so rolling back loses nothing.`,
    ],
    rollback: [
      `${source} becomes the default model for searches again, immediately.`,
      'It also has everything written since the cut-over. Nothing is embedded.',
      `${target} keeps its vectors; migrating to it again costs nothing.`,
    ],
    retire: [
      `This drops the vectors and the HNSW index of ${source} and frees their disk space.`,
      `Searches are not affected: they use ${target}.`,
      `To go back, you would have to embed everything with ${source} again.`,
    ],
    cancel:
      state === 'rolled_back'
        ? [
            `This drops the vectors of ${target} and frees their disk space.`,
            `Searches are not affected: they use ${source}.`,
          ]
        : [
            `Searches are not affected: they use ${source}.`,
            `This drops the vectors that the migration made with ${target}. Their cost is already spent.`,
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
