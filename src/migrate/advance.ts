import type { Queryable } from '../postgres/database.ts'
import { recordEvent } from '../store/migration-events.ts'
import { lockMigration, type StoredMigration, setMigrationState } from '../store/migrations.ts'
import type { MigrationId, MigrationReason } from '../wire/migration.ts'
import type { MigrationEventData } from '../wire/migration-event.ts'
import { decide, type Transition } from './state.ts'

export interface Step<Event extends Transition> {
  readonly event: Event
  readonly data: MigrationEventData[Event]
  /** The actor: a user at a host, or a worker. */
  readonly actor: string
  /** The reason of a pause. */
  readonly reason?: Omit<MigrationReason, 'at'>
}

export interface Advanced {
  /** The migration after the event. */
  readonly migration: StoredMigration
  /** False: the event changed nothing and was not recorded. */
  readonly changed: boolean
}

/**
 * The only way from one state to another: locks the row, consults the table, writes state and event. If models
 * are changed too, `lockModels` comes first.
 *
 * @throws RevectorError MIGRATION_UNKNOWN, MIGRATION_STATE
 */
export async function advance<Event extends Transition>(
  tx: Queryable,
  id: MigrationId,
  step: Step<Event>,
): Promise<Advanced> {
  const migration = await lockMigration(tx, id)
  const next = decide(migration, step.event)
  if (next === null) return { migration, changed: false }
  const error =
    next.state === 'paused' ? step.reason && { error: { ...step.reason, at: new Date() } } : { error: null }
  const moved = await setMigrationState(tx, id, { ...next, ...error })
  await recordEvent(tx, { migrationId: id, actor: step.actor, type: step.event, data: step.data })
  return { migration: moved, changed: true }
}
