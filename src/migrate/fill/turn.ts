import { isRevectorError } from '../../core/errors.ts'
import { openMigrations, requireMigration, type StoredMigration } from '../../store/migrations.ts'
import { isGone } from '../../store/missing-column.ts'
import { allModels } from '../../store/models.ts'
import type { MigrationState } from '../../wire/migration.ts'
import type { Model } from '../../wire/model.ts'
import { fillTurn } from './fill-turn.ts'
import { indexTurn } from './index-turn.ts'
import { pendingTurn } from './pending-turn.ts'
import type { Shift, Turn } from './shift.ts'
import { verifyTurn } from './verify-turn.ts'

type TakeTurn = (shift: Shift, migration: StoredMigration, target: Model) => Promise<Turn>

const idle: TakeTurn = async () => 'idle'

/** What a worker does for a migration in each of its states. */
const turns: Readonly<Record<MigrationState, TakeTurn>> = {
  planned: idle,
  filling: fillTurn,
  indexing: indexTurn,
  verifying: verifyTurn,
  ready: idle,
  paused: idle,
  cut_over: idle,
  rolled_back: idle,
  retired: idle,
  cancelled: idle,
}

/**
 * The first work there is: of the open migrations, the oldest first, then of pending chunks.
 *
 * @throws RevectorError INTERRUPTED, of the database, MIGRATION_UNKNOWN
 */
export async function takeTurn(shift: Shift): Promise<Turn> {
  const { db } = shift.deps
  const { migrationId } = shift.request
  const only = migrationId === undefined ? null : await requireMigration(db, migrationId)
  let turn: Turn = 'idle'
  for (const migration of only === null ? await openMigrations(db) : [only]) {
    const one = await turnOf(shift, migration).catch((error) => unlessMovedOn(shift, migration, error))
    if (one === 'worked') return one
    if (one === 'others') turn = one
  }
  return (await pendingTurn(shift, only)) === 'worked' ? 'worked' : turn
}

async function turnOf(shift: Shift, migration: StoredMigration): Promise<Turn> {
  const target = (await allModels(shift.deps.db)).find((model) => model.id === migration.targetModelId)
  if (target === undefined) return 'idle'
  const rest = shift.rests.of(target)
  if (rest !== 'none') return rest === 'for good' ? 'idle' : 'others'
  return turns[migration.state](shift, migration, target)
}

/** The migration was paused, cancelled or extended meanwhile: the failure was about a state it has left. */
async function unlessMovedOn({ deps }: Shift, { id, state }: StoredMigration, error: unknown): Promise<Turn> {
  if (!isRevectorError(error, 'MIGRATION_STATE') && !isGone(error)) throw error
  if ((await requireMigration(deps.db, id)).state === state) throw error
  return 'worked'
}
