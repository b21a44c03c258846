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

/** What moves it along the main line. */
const forward: readonly MigrationState[] = [
  'planned',
  'filling',
  'indexing',
  'verifying',
  'ready',
  'cut_over',
  'retired',
]

export interface Edge {
  readonly from: MigrationState
  readonly to: MigrationState
}

/** Every change of state that there is; the test compares them with the machine itself. */
export const edges: readonly Edge[] = [
  ...forward.slice(0, -1).map((from, place) => ({ from, to: forward[place + 1] ?? from })),
  // Chunks without a vector were found, or the scope was widened.
  ...(['indexing', 'verifying', 'ready'] as const).map((from) => ({ from, to: 'filling' as const })),
  // No valid HNSW index was found.
  { from: 'verifying', to: 'indexing' },
  { from: 'ready', to: 'indexing' },
  ...forward.slice(0, 5).flatMap((state) => [
    { from: state, to: 'paused' as const },
    { from: 'paused' as const, to: state },
    { from: state, to: 'cancelled' as const },
  ]),
  { from: 'paused', to: 'cancelled' },
  { from: 'cut_over', to: 'rolled_back' },
  { from: 'rolled_back', to: 'cancelled' },
]

/** How far along the main line it is; -1 where that can't be said. */
export function reached({ state, paused_from }: Pick<MigrationStatus, 'state' | 'paused_from'>): number {
  if (state === 'paused') return forward.indexOf(paused_from ?? 'filling')
  if (state === 'rolled_back') return forward.indexOf('cut_over')
  return forward.indexOf(state)
}

export const lineOf = forward

/** What is going on, for who sees a migration for the first time. */
export function meaningOf(move: MigrationStatus): string {
  const { source_model: source, target_model: target, state } = move
  switch (state) {
    case 'planned':
      return `Nothing has begun. Searches use ${source}.`
    case 'filling':
      return `Workers embed what ${target} lacks. Searches use ${source}; every write reaches both already.`
    case 'indexing':
      return `Nothing is left to embed. The HNSW index of ${target} is built; searches use ${source}.`
    case 'verifying':
      return `The vectors of ${target} are counted, compared and searched before anybody relies on them.`
    case 'ready':
      return `${target} is filled and proved. Searches use ${source} until you cut over.`
    case 'paused':
      return `Nothing is embedded now. Searches use ${source}; writes reach both. What is done stays done.`
    case 'cut_over':
      return `Searches use ${target}. ${source} is still written, so you can go back at once and lose nothing.`
    case 'rolled_back':
      return `Searches use ${source} again. ${target} keeps its vectors until you drop them.`
    case 'retired':
      return `Searches use ${target}. The vectors of ${source} are dropped.`
    case 'cancelled':
      return `It was given up. Searches use ${source}.`
  }
}
