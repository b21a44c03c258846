import type { OnProgress } from '../core/progress.ts'
import { requireModel } from '../store/models.ts'
import { type Filled, fillModel } from './fill/fill-model.ts'
import type { WorkDeps } from './fill/shift.ts'
import { runMigration } from './run.ts'

export interface MigrateToNewModel {
  readonly sourceModel: string
  readonly targetModel: string
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/**
 * Migrates the corpus from the current model to another while searches continue: fills what the target lacks,
 * verifies it, then makes it current in one transaction. From its start on, new documents are embedded with
 * both. Run again after an interruption, it continues; run again after its end, it looks for gaps. The source
 * stays in sync, so rolling back loses nothing.
 *
 * @throws RevectorError MODEL_UNKNOWN, INVALID_INPUT (the source is not current), of the provider, GATE_FAILED,
 *   MIGRATION_PAUSED, INTERRUPTED
 */
export async function migrateToNewModel(deps: WorkDeps, request: MigrateToNewModel): Promise<Filled> {
  const { targetModel, signal, onProgress } = request
  const target = await requireModel(deps.db, targetModel)
  const { migration, made } = await runMigration(deps, request)
  const ended = target.state === 'current' && migration.state === 'cut_over'
  return ended ? fillModel(deps, target, { signal, onProgress }) : made
}
