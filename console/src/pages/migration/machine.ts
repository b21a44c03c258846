import type { MigrationState, MigrationStatus } from '../../api/shapes.ts'

/** A state as a station: the main line runs from planned to retired; sidings lie below it. */
export interface Station {
  readonly state: MigrationState
  readonly name: string
  readonly x: number
  readonly y: number
}

const main = 64
const siding = 168
const step = 128
const at = (place: number): number => 70 + place * step

export const stations: readonly Station[] = [
  { state: 'planned', name: 'planned', x: at(0), y: main },
  { state: 'filling', name: 'filling', x: at(1), y: main },
  { state: 'indexing', name: 'indexing', x: at(2), y: main },
  { state: 'verifying', name: 'verifying', x: at(3), y: main },
  { state: 'ready', name: 'ready', x: at(4), y: main },
  { state: 'cut_over', name: 'cut over', x: at(5), y: main },
  { state: 'retired', name: 'retired', x: at(6), y: main },
  { state: 'cancelled', name: 'cancelled', x: at(0), y: siding },
  { state: 'paused', name: 'paused', x: at(2.5), y: siding },
  { state: 'rolled_back', name: 'rolled back', x: at(6), y: siding },
]

/** The states of the main line. */
const forward: readonly MigrationState[] = [
  'planned',
  'filling',
  'indexing',
  'verifying',
  'ready',
  'cut_over',
  'retired',
]

/** The place on the main line; -1 for a state that is not on it. */
export function reached({ state, paused_from }: Pick<MigrationStatus, 'state' | 'paused_from'>): number {
  if (state === 'paused') return forward.indexOf(paused_from ?? 'filling')
  if (state === 'rolled_back') return forward.indexOf('cut_over')
  return forward.indexOf(state)
}

export const lineOf = forward

/** What the state means, for users who see a migration for the first time. */
export function meaningOf(move: MigrationStatus): string {
  const { source_model: source, target_model: target, state } = move
  switch (state) {
    case 'planned':
      return `Not started yet. Searches use ${source}.`
    case 'filling':
      return `Workers are embedding the chunks that ${target} lacks. Searches use ${source}; both models receive every write.`
    case 'indexing':
      return `All chunks are embedded. The HNSW index of ${target} is being built; searches use ${source}.`
    case 'verifying':
      return `The vectors of ${target} are being checked before searches rely on them.`
    case 'ready':
      return `${target} is filled and verified. Searches use ${source} until you cut over.`
    case 'paused':
      return `No chunks are being embedded. Searches use ${source}; both models receive every write. Progress is kept.`
    case 'cut_over':
      return `Searches use ${target}. ${source} stays in sync, so you can roll back immediately and lose nothing.`
    case 'rolled_back':
      return `Searches use ${source} again. ${target} keeps its vectors until you drop them.`
    case 'retired':
      return `Searches use ${target}. The vectors of ${source} are dropped.`
    case 'cancelled':
      return `Cancelled. Searches use ${source}.`
  }
}
