import { thisActor } from '../../core/actor.ts'
import { definedOnly } from '../../core/defined.ts'
import type { Queryable } from '../../postgres/database.ts'
import {
  lockMigration,
  requireMigration,
  type StoredMigration,
  setMigrationSettings,
  setVerification,
} from '../../store/migrations.ts'
import { allModels } from '../../store/models.ts'
import { clearEmbedded } from '../../store/pending.ts'
import { recordStale } from '../../store/stale.ts'
import type {
  GateName,
  GateResult,
  MigrationId,
  MigrationReason,
  Verification,
} from '../../wire/migration.ts'
import { type Advanced, advance } from '../advance.ts'
import { idOf, type MigrationCall } from '../call.ts'
import { modelsOf } from '../cut-over.ts'
import { decide } from '../state.ts'
import { failedGates, type VerifyDeps, verify } from './verify.ts'

export interface VerifyMigration extends MigrationCall {
  /** Gates whose failure is accepted; recorded with the actor. */
  readonly override?: readonly GateName[]
  /** Ask for another recall from now on. */
  readonly recall?: number
  readonly signal?: AbortSignal
}

export interface Verified {
  readonly migration: StoredMigration
  readonly verification: Verification
}

/**
 * Measures from the rows whether the target can become current, and changes the migration's state: to `ready`;
 * back to filling if chunks lack a vector, or to indexing if the HNSW index is gone; otherwise it pauses,
 * because an operator has to decide. That only a part of the corpus was migrated is reported at the cut-over.
 * Failures that were accepted before stay accepted.
 *
 * @throws RevectorError MIGRATION_STATE before it is filled, INTERRUPTED, of the database
 */
export async function verifyMigration(deps: VerifyDeps, request: VerifyMigration = {}): Promise<Verified> {
  const { db } = deps
  const { signal } = request
  const actor = request.actor ?? thisActor()
  const id = await idOf(db, request)
  const migration = await requireMigration(db, id)
  decide(migration, 'passed')
  const gates = { ...migration.gates, ...definedOnly({ recall: request.recall }) }
  const models = await allModels(db)
  const { source, target } = modelsOf(models, migration)
  const override = [...accepted(migration), ...(request.override ?? [])]
  await recordStale(db, deps.layout, target)
  const verification = await verify(deps, {
    source,
    target,
    scope: migration.scope,
    allowedQuarantined: migration.allowedQuarantined,
    thresholds: gates,
    override,
    signal,
  })
  await clearEmbedded(db, target)
  return db.transaction(async (tx) => {
    const now = await lockMigration(tx, id)
    // Extended, paused or cancelled during the measurement: the result is about something else.
    if (!isWhereItWas(now, migration)) return { migration: now, verification }
    const outcome = outcomeOf(migration.targetModel, verification)
    const stored = { ...verification, passed: outcome.event === 'passed' }
    if (request.recall !== undefined) await setMigrationSettings(tx, id, { gates })
    await setVerification(tx, id, stored)
    const moved = await record(tx, id, { outcome, overridden: overriddenOf(stored), actor })
    return { migration: { ...moved.migration, verification: stored }, verification: stored }
  })
}

/** A migration that was filled again meanwhile may be in the same state, with other chunks. */
function isWhereItWas(now: StoredMigration, before: StoredMigration): boolean {
  const { state, pausedFrom, filledAt } = now
  return (
    state === before.state &&
    pausedFrom === before.pausedFrom &&
    filledAt?.getTime() === before.filledAt?.getTime()
  )
}

function record(
  tx: Queryable,
  id: MigrationId,
  found: { readonly outcome: Outcome; readonly overridden: readonly GateName[]; readonly actor: string },
): Promise<Advanced> {
  const { outcome, overridden, actor } = found
  switch (outcome.event) {
    case 'gaps':
      return advance(tx, id, { event: 'gaps', data: { missing: outcome.missing, found: 'verify' }, actor })
    case 'unindexed':
      return advance(tx, id, { event: 'unindexed', data: { index: outcome.index }, actor })
    case 'failed': {
      const data = { gates: outcome.failed.map(({ gate }) => gate) }
      return advance(tx, id, { event: 'failed', data, actor, reason: outcome.reason })
    }
    case 'passed':
      return advance(tx, id, { event: 'passed', data: { overridden }, actor })
  }
}

type Outcome =
  | { readonly event: 'passed' }
  | { readonly event: 'gaps'; readonly missing: number }
  | { readonly event: 'unindexed'; readonly index: string | null }
  | {
      readonly event: 'failed'
      readonly failed: readonly GateResult[]
      readonly reason: Omit<MigrationReason, 'at'>
    }

function outcomeOf(target: string, { gates }: Verification): Outcome {
  const failed = failedGates(gates).filter(({ gate }) => gate !== 'scope')
  if (failed.length === 0) return { event: 'passed' }
  const missing = Number(failed.find(({ gate }) => gate === 'coverage')?.data['missing'] ?? 0)
  if (missing > 0) return { event: 'gaps', missing }
  // Problems that workers fix; a valid index that searches do not use needs an operator.
  const hnswIndex = failed.find(({ gate }) => gate === 'index')?.data
  if (hnswIndex?.['valid'] === false) return { event: 'unindexed', index: nameOf(hnswIndex['index']) }
  const names = failed.map(({ gate }) => gate)
  const found = failed.map(
    ({ gate, expected, measured }) => `${gate} (expected ${expected}; found ${measured})`,
  )
  return {
    event: 'failed',
    failed,
    reason: {
      code: 'GATE_FAILED',
      message: `"${target}" cannot become current yet: ${found.join(', ')}.`,
      hint: `${denser(failed)}Fix what was found and verify again, or accept it: revector migrate verify ${names.map((name) => `--override ${name}`).join(' ')}.`,
      by: 'gate',
    },
  }
}

/** What would help where no search effort does. */
function denser(failed: readonly GateResult[]): string {
  const remedy = failed.find(({ gate }) => gate === 'recall')?.data['remedy']
  if (!Array.isArray(remedy)) return ''
  return `Build a denser index (${remedy.join(' ')}), or ask for less with \`revector migrate verify --recall\`. `
}

const nameOf = (index: unknown): string | null => (typeof index === 'string' ? index : null)

function accepted({ verification }: StoredMigration): readonly GateName[] {
  return verification === null ? [] : overriddenOf(verification)
}

function overriddenOf({ gates }: Verification): readonly GateName[] {
  return gates.flatMap(({ gate, overridden }) => (overridden ? [gate] : []))
}
