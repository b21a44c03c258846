import type { StoredMigration } from '../../store/migrations.ts'
import type { Model } from '../../wire/model.ts'
import { pauseFor } from '../pause.ts'
import { failureOf } from './provider-failure.ts'
import type { Shift, Turn } from './shift.ts'

/**
 * For a failure of the provider outside a batch: the model rests or, if that doesn't help, the migration
 * pauses.
 *
 * @throws the error, if it is not the provider's
 */
export async function restOrPause(
  { deps, request, worker, pace, rests }: Shift,
  error: unknown,
  { id }: StoredMigration,
  target: Model,
): Promise<Turn> {
  const failure = failureOf(error)
  if (failure === null) throw error
  request.onFailure?.(failure.error)
  const failures = rests.begin(target)
  if (failure.lasting || failures >= pace.failures) {
    await pauseFor(deps, { migrationId: id, actor: worker.actor, by: 'provider', error: failure.error })
    rests.end(target)
  }
  return 'others'
}
