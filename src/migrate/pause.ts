import { thisActor } from '../core/actor.ts'
import type { RevectorError } from '../core/errors.ts'
import type { Deps } from '../store/deps.ts'
import { forgetFailures } from '../store/migration-batches.ts'
import { lockMigration, type StoredMigration, setMigrationSettings } from '../store/migrations.ts'
import type { MigrationId, MigrationLimits, MigrationReason, MigrationState } from '../wire/migration.ts'
import { advance } from './advance.ts'
import { idOf, type MigrationCall } from './call.ts'
import { limitsOf } from './start.ts'

export interface PauseRequest extends MigrationCall {
  /** Shown in the status. */
  readonly reason?: string
}

/**
 * Works from any process; workers finish their in-flight batches and stop. If it is already paused, nothing
 * changes.
 *
 * @throws RevectorError MIGRATION_UNKNOWN, MIGRATION_STATE
 */
export async function pauseMigration(
  { db }: Pick<Deps, 'db'>,
  request: PauseRequest = {},
): Promise<StoredMigration> {
  const actor = request.actor ?? thisActor()
  const id = await idOf(db, request)
  return db.transaction(async (tx) => {
    const reason: Omit<MigrationReason, 'at'> = {
      code: 'OPERATOR',
      message: request.reason ?? `${actor} paused it.`,
      hint: 'Resume it with `revector migrate resume`.',
      by: 'operator',
    }
    const { state: from } = await lockMigration(tx, id)
    const data = { from, reason }
    return (await advance(tx, id, { event: 'paused', data, actor, reason })).migration
  })
}

const workStates: ReadonlySet<MigrationState> = new Set<MigrationState>(['filling', 'indexing', 'verifying'])

/** A worker pauses it for a reason that waiting doesn't mend, unless it has left the worker's hands meanwhile. */
export async function pauseFor(
  { db }: Pick<Deps, 'db'>,
  request: {
    readonly migrationId: MigrationId
    readonly actor: string
    readonly by: MigrationReason['by']
    readonly error: Pick<RevectorError, 'code' | 'message' | 'hint'>
  },
): Promise<void> {
  const { migrationId: id, actor, by } = request
  const { code, message, hint } = request.error
  const reason = { code, message, hint, by }
  await db.transaction(async (tx) => {
    // A worker that stores holds its batch, then wants the migration's row: the same order here.
    await forgetFailures(tx, id)
    const { state: from } = await lockMigration(tx, id)
    if (workStates.has(from))
      await advance(tx, id, { event: 'paused', data: { from, reason }, actor, reason })
  })
}

export interface ResumeRequest extends MigrationCall, MigrationLimits {}

/**
 * Continues where the migration was paused; given limits apply from now on. If it is not paused, only the
 * limits change.
 *
 * @throws RevectorError MIGRATION_UNKNOWN, MIGRATION_STATE
 */
export async function resumeMigration(
  { db }: Pick<Deps, 'db'>,
  request: ResumeRequest = {},
): Promise<StoredMigration> {
  const actor = request.actor ?? thisActor()
  const id = await idOf(db, request)
  return db.transaction(async (tx) => {
    await forgetFailures(tx, id)
    const { migration } = await advance(tx, id, { event: 'resumed', data: {}, actor })
    const limits = limitsOf(request)
    await setMigrationSettings(tx, id, limits)
    return { ...migration, ...limits }
  })
}
