import { RevectorError } from '../core/errors.ts'
import type { Migration, MigrationState, PausableState } from '../wire/migration.ts'
import type { MigrationEventType } from '../wire/migration-event.ts'

/*
 * A table, not a library of state machines: states live in rows and change in the transaction that does the work, and a pair of
 * state and event that is missing must not compile.
 */

/** What happens to a migration or is requested of it. Recorded as events with the same names. */
export const transitions = [
  'started',
  'widened',
  'filled',
  'indexed',
  'passed',
  'failed',
  'gaps',
  'unindexed',
  'paused',
  'resumed',
  'retried',
  'cut_over',
  'rolled_back',
  'retired',
  'cancelled',
] as const satisfies readonly MigrationEventType[]
export type Transition = (typeof transitions)[number]

/** The effect of an event in a state. */
export type Decision =
  | { readonly kind: 'to'; readonly state: Exclude<MigrationState, 'paused'> }
  /** Pauses, or stays paused; resuming continues at `at`. */
  | { readonly kind: 'pause'; readonly at: PausableState }
  /** Back to where it was paused. */
  | { readonly kind: 'resume' }
  /** To a state, if it was paused in one of these; otherwise nothing. */
  | { readonly kind: 'pausedIn'; readonly states: readonly PausableState[]; readonly state: 'ready' }
  /** Repeated, or too late to matter: nothing changes. */
  | { readonly kind: 'stay' }
  /** For the caller: what the state is, and what to do instead. */
  | { readonly kind: 'refuse'; readonly why: string; readonly hint: string }

const to = (state: Exclude<MigrationState, 'paused'>): Decision => ({ kind: 'to', state })
const pause = (at: PausableState): Decision => ({ kind: 'pause', at })
const stay: Decision = { kind: 'stay' }
const refuse = (why: string, hint: string): Decision => ({ kind: 'refuse', why, hint })

const notBegun = refuse('has not begun', 'Start it with `revector migrate start`.')
const unfilled = refuse(
  'is not filled and verified yet',
  'Let a worker finish it (`revector worker`); `revector migrate status` shows its progress.',
)
const stopped = refuse('is paused', 'Resume it with `revector migrate resume`.')
const notOver = refuse('has not been cut over', 'To cancel it, use `revector migrate cancel`.')
const over = refuse('has been cut over', 'To roll back, use `revector migrate rollback`.')
const back = refuse('was rolled back', 'Start another one with `revector migrate start`.')
const gone = refuse('is retired: its source is dropped', 'To migrate again, start another migration.')
const cancelled = refuse('was cancelled', 'Start another one with `revector migrate start`.')

/**
 * Every event in every state. A missing state or event does not compile, and nothing else decides. Events of
 * workers that come too late (an operator paused, cancelled or extended it meanwhile) have no effect; a request
 * that is not possible is refused in words.
 */
export const table: { readonly [State in MigrationState]: { readonly [Event in Transition]: Decision } } = {
  planned: {
    started: to('filling'),
    widened: stay,
    filled: stay,
    indexed: stay,
    passed: notBegun,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: pause('planned'),
    resumed: stay,
    retried: notBegun,
    cut_over: notBegun,
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  filling: {
    started: stay,
    widened: stay,
    filled: to('indexing'),
    indexed: stay,
    passed: unfilled,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: pause('filling'),
    resumed: stay,
    retried: stay,
    cut_over: unfilled,
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  indexing: {
    started: stay,
    widened: to('filling'),
    filled: stay,
    indexed: to('verifying'),
    passed: unfilled,
    failed: stay,
    gaps: to('filling'),
    unindexed: stay,
    paused: pause('indexing'),
    resumed: stay,
    retried: to('filling'),
    cut_over: unfilled,
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  verifying: {
    started: stay,
    widened: to('filling'),
    filled: stay,
    indexed: stay,
    passed: to('ready'),
    // An operator has to decide: override the gate, fix what it found, or cancel.
    failed: pause('verifying'),
    gaps: to('filling'),
    // Its HNSW index is gone or invalid: a worker builds it again.
    unindexed: to('indexing'),
    paused: pause('verifying'),
    resumed: stay,
    retried: to('filling'),
    cut_over: unfilled,
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  ready: {
    started: stay,
    widened: to('filling'),
    filled: stay,
    indexed: stay,
    passed: stay,
    failed: pause('verifying'),
    gaps: to('filling'),
    unindexed: to('indexing'),
    paused: pause('ready'),
    resumed: stay,
    retried: to('filling'),
    cut_over: to('cut_over'),
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  paused: {
    started: stay,
    widened: pause('filling'),
    filled: stay,
    indexed: stay,
    // A failed verification pauses: verified again, the migration may continue from there.
    passed: { kind: 'pausedIn', states: ['verifying', 'ready'], state: 'ready' },
    failed: stay,
    gaps: pause('filling'),
    unindexed: pause('indexing'),
    paused: stay,
    resumed: { kind: 'resume' },
    retried: pause('filling'),
    cut_over: stopped,
    rolled_back: notOver,
    retired: notOver,
    cancelled: to('cancelled'),
  },
  cut_over: {
    started: stay,
    widened: over,
    filled: stay,
    indexed: stay,
    passed: stay,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: over,
    resumed: over,
    // The chunks become pending for its target again; workers embed them.
    retried: stay,
    cut_over: stay,
    rolled_back: to('rolled_back'),
    retired: to('retired'),
    cancelled: over,
  },
  rolled_back: {
    started: back,
    widened: back,
    filled: stay,
    indexed: stay,
    passed: back,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: back,
    resumed: back,
    retried: back,
    cut_over: back,
    rolled_back: stay,
    retired: refuse(
      'was rolled back: its source is in use again',
      'To drop the vectors of its target, use `revector migrate cancel`.',
    ),
    cancelled: to('cancelled'),
  },
  retired: {
    started: gone,
    widened: gone,
    filled: stay,
    indexed: stay,
    passed: gone,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: gone,
    resumed: gone,
    retried: gone,
    cut_over: gone,
    rolled_back: gone,
    retired: stay,
    cancelled: gone,
  },
  cancelled: {
    started: cancelled,
    widened: cancelled,
    filled: stay,
    indexed: stay,
    passed: cancelled,
    failed: stay,
    gaps: stay,
    unindexed: stay,
    paused: cancelled,
    resumed: cancelled,
    retried: cancelled,
    cut_over: cancelled,
    rolled_back: cancelled,
    retired: cancelled,
    cancelled: stay,
  },
}

/** The state of a migration. */
export type Position = Pick<Migration, 'state' | 'pausedFrom'>

/**
 * The result of an event; null: nothing changes.
 *
 * @throws RevectorError MIGRATION_STATE with what to do instead
 */
export function decide(migration: Position & Partial<Migration>, event: Transition): Position | null {
  const decision = table[migration.state][event]
  switch (decision.kind) {
    case 'stay':
      return null
    case 'to':
      return { state: decision.state, pausedFrom: null }
    case 'pause':
      return migration.pausedFrom === decision.at ? null : { state: 'paused', pausedFrom: decision.at }
    case 'resume':
      return { state: migration.pausedFrom ?? 'filling', pausedFrom: null }
    case 'pausedIn': {
      const from = migration.pausedFrom
      if (from === null || !decision.states.includes(from)) throw refused(migration, event, stopped)
      return { state: decision.state, pausedFrom: null }
    }
    case 'refuse':
      throw refused(migration, event, decision)
  }
}

function refused(
  { id, state, pausedFrom, sourceModel, targetModel }: Position & Partial<Migration>,
  event: Transition,
  decision: Decision,
): RevectorError {
  const { why, hint } = decision.kind === 'refuse' ? decision : { why: `is ${state}`, hint: '' }
  const name = targetModel === undefined ? 'The migration' : `The migration to "${targetModel}"`
  return new RevectorError('MIGRATION_STATE', `${name} ${why}.`, {
    hint,
    data: {
      migration_id: id,
      state,
      paused_from: pausedFrom,
      event,
      source: sourceModel,
      target: targetModel,
    },
  })
}
