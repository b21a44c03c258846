import { setTimeout as delay } from 'node:timers/promises'
import type { Deps } from '../store/deps.ts'
import { eventsAfter } from '../store/migration-events.ts'
import { requireMigration } from '../store/migrations.ts'
import { type MigrationId, openStates } from '../wire/migration.ts'
import type { MigrationEvent } from '../wire/migration-event.ts'
import { idOf, type MigrationCall } from './call.ts'

export interface EventsRequest extends MigrationCall {
  /** Id of the last event seen: the stream continues after it, also in another process. */
  readonly after?: number
  /** False: only past events. Default: also new ones. */
  readonly follow?: boolean
  /** Ends the stream. */
  readonly signal?: AbortSignal
}

const pageSize = 500
const pollMs = 500

/**
 * The events of a migration, from its beginning or after a given event, as they happen. Ends when the migration
 * is no longer open and all events have been sent, or when the signal aborts.
 *
 * @throws RevectorError MIGRATION_UNKNOWN
 */
export async function* migrationEvents(
  { db }: Pick<Deps, 'db'>,
  request: EventsRequest = {},
): AsyncGenerator<MigrationEvent, void, undefined> {
  const { signal } = request
  const id = await idOf(db, request)
  let after = request.after ?? 0
  while (!isAborted(signal)) {
    // First the state: an event of its end that comes after it is found in the next round.
    const open = await isOpen(db, id)
    const page = await eventsAfter(db, { migrationId: id, after, limit: pageSize })
    for (const event of page) {
      after = event.id
      yield event
      if (isAborted(signal)) return
    }
    if (page.length > 0) continue
    if (!open || request.follow === false) return
    await delay(pollMs, undefined, { signal }).catch(() => {})
  }
}

async function isOpen(db: Deps['db'], id: MigrationId): Promise<boolean> {
  const { state } = await requireMigration(db, id)
  return openStates.some((one) => one === state)
}

/** A function, because the compiler does not know that a signal changes. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
