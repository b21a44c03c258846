import { thisActor } from '../core/actor.ts'
import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import type { StoreDeps } from '../store/deps.ts'
import { lockMigration, type StoredMigration, setVerification } from '../store/migrations.ts'
import { lockModels, switchCurrent } from '../store/models.ts'
import { countPending } from '../store/pending.ts'
import { countQuarantined } from '../store/quarantine.ts'
import type { GateName, GateResult } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { advance } from './advance.ts'
import { idOf, type MigrationCall } from './call.ts'
import { decide } from './state.ts'
import { refuseFailedGates } from './verify/verify.ts'

export interface CutOverRequest extends MigrationCall {
  /** Gates whose failure is accepted; recorded with the actor. */
  readonly override?: readonly GateName[]
}

/**
 * Makes the target current in one short transaction, whatever the size of the corpus: the verification has
 * already checked that the target has everything, and what writers could not embed since is recorded as
 * pending. The source stays in sync. Nothing is computed.
 *
 * @throws RevectorError MIGRATION_STATE, GATE_FAILED, MIGRATION_CONFLICT if the source is no longer current
 */
export async function cutOver(
  { db, layout }: StoreDeps,
  request: CutOverRequest = {},
): Promise<StoredMigration> {
  const actor = request.actor ?? thisActor()
  const override = request.override ?? []
  const id = await idOf(db, request)
  const outcome = await db.transaction(async (tx) => {
    // From here to the end no document can be written.
    const models = await lockModels(tx)
    const migration = await lockMigration(tx, id)
    if (decide(migration, 'cut_over') === null) return { migration, gap: null }
    const { source, target } = modelsOf(models, migration)
    refuseOtherCurrent(migration, source)
    const pending = await countPending(tx, layout, target)
    const quarantined = await countQuarantined(tx, layout, target.id, migration.scope)
    const gates = accept(withQuarantined(migration, quarantined), override)
    if (pending > 0 && !override.includes('coverage')) {
      const data = { missing: pending, found: 'cut-over' } as const
      const back = await advance(tx, id, { event: 'gaps', data, actor })
      return { migration: back.migration, gap: pending }
    }
    refuseFailedGates(migration.targetModel, gates)
    if (migration.verification !== null) {
      await setVerification(tx, id, { ...migration.verification, gates, passed: true })
    }
    await switchCurrent(tx, target)
    const overridden = gates.flatMap((gate) => (gate.overridden ? [gate.gate] : []))
    const data = { from: source.modelName, to: target.modelName, overridden }
    const { migration: done } = await advance(tx, id, { event: 'cut_over', data, actor })
    return { migration: done, gap: null }
  })
  if (outcome.gap !== null) throw chunksMissing(outcome.migration, outcome.gap)
  return outcome.migration
}

/**
 * What could not be embedded since the verification is a hole too: more quarantined chunks than that has found, and than are
 * allowed, have not been accepted by an operator yet.
 */
function withQuarantined(migration: StoredMigration, quarantined: number): StoredMigration {
  const { verification, allowedQuarantined } = migration
  const gates = verification?.gates.map((gate): GateResult => {
    const before = Number(gate.data['quarantined'] ?? 0)
    if (gate.gate !== 'coverage' || quarantined <= Math.max(before, allowedQuarantined)) return gate
    return {
      ...gate,
      passed: false,
      overridden: false,
      measured: `${counted(quarantined, 'is', 'are')} quarantined`,
      data: { ...gate.data, quarantined },
    }
  })
  return verification === null || gates === undefined
    ? migration
    : { ...migration, verification: { ...verification, gates } }
}

/** The gates of the last verification, with the failures that are accepted now. */
function accept({ verification }: StoredMigration, override: readonly GateName[]): readonly GateResult[] {
  return (verification?.gates ?? []).map((gate) =>
    !gate.passed && override.includes(gate.gate) ? { ...gate, overridden: true } : gate,
  )
}

/** @throws RevectorError MIGRATION_CONFLICT if one of them has been removed */
export function modelsOf(
  models: readonly Model[],
  migration: StoredMigration,
): { readonly source: Model; readonly target: Model } {
  const source = models.find((model) => model.id === migration.sourceModelId)
  const target = models.find((model) => model.id === migration.targetModelId)
  if (source !== undefined && target !== undefined) return { source, target }
  const gone = source === undefined ? migration.sourceModel : migration.targetModel
  throw new RevectorError('MIGRATION_CONFLICT', `"${gone}" of this migration has been removed.`, {
    hint: 'Start another migration between registered models.',
    data: { migration_id: migration.id, model: gone },
  })
}

function refuseOtherCurrent(migration: StoredMigration, source: Model): void {
  if (source.state === 'current') return
  throw new RevectorError(
    'MIGRATION_CONFLICT',
    `"${source.modelName}" is no longer the current model: the migration from it can't be cut over.`,
    {
      hint: `Make it current again (\`revector models use ${source.modelName}\`), or cancel the migration and start one from the current model.`,
      data: { migration_id: migration.id, source: source.modelName, target: migration.targetModel },
    },
  )
}

function chunksMissing(migration: StoredMigration, pending: number): RevectorError {
  return new RevectorError(
    'GATE_FAILED',
    `"${migration.targetModel}" cannot become current: the gate coverage (expected a vector for each chunk; ${counted(pending, 'chunk that was', 'chunks that were')} written since the verification ${pending === 1 ? 'lacks' : 'lack'} one) did not pass.`,
    {
      hint: 'The migration is filling again: let a worker finish it (`revector worker`), then cut over.',
      data: {
        migration_id: migration.id,
        model: migration.targetModel,
        gates: ['coverage'],
        missing: pending,
      },
    },
  )
}
