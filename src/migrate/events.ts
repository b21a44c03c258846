import { setTimeout as delay } from 'node:timers/promises'
import { type MigrationEvent, type MigrationId, openStates } from '../core/migration.ts'
import type { Deps } from '../store/deps.ts'
import { eventsAfter } from '../store/migration-events.ts'
import { requireMigration } from '../store/migrations.ts'
import { idOf, type MigrationCall } from './deps.ts'

export interface EventsRequest extends MigrationCall {
  /** Id of the last event seen: goes on after it, also in another process. */
  readonly after?: string
  /** False: only what has happened so far. Default: also what will. */
  readonly follow?: boolean
  /** Ends the stream. */
  readonly signal?: AbortSignal
}

const pageSize = 500
const pollMs = 500

/**
 * What happens to a migration, from its beginning or from where a watcher left off, as it happens. Ends when the
 * migration is open no more and all was told, or when the signal says so.
 *
 * @throws RevectorError MIGRATION_UNKNOWN
 */
export async function* migrationEvents(
  { db }: Pick<Deps, 'db'>,
  request: EventsRequest = {},
): AsyncGenerator<MigrationEvent, void, undefined> {
  const { signal } = request
  const id = await idOf(db, request)
  let after = request.after ?? '0'
  while (!isAborted(signal)) {
    // First the state: an event of its end that comes after it is met in the next round.
    const open = await isOpen(db, id)
    const page = await eventsAfter(db, { migrationId: id, after, limit: pageSize })
    for (const event of page) {
      after = event.id
      yield event
      if (isAborted(signal)) return
    }
    if (page.length > 0) continue
    if (!open || request.follow === false) return
    await delay(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

async function isOpen(db: Deps['db'], id: MigrationId): Promise<boolean> {
  const { state } = await requireMigration(db, id)
  return openStates.some((one) => one === state)
}

/** A function, since a signal changes while nobody assigns to it. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
