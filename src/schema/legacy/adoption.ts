import { RevectorError, throwIfAborted } from '../../core/errors.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { adoptFirstRevision, forget, type RevisionRow, recordStart } from '../history.ts'
import type { BuildSite } from '../index-build.ts'
import type { AdoptionRun } from './context.ts'
import { type AdoptionOptions, describeAdoption } from './describe.ts'
import { onlineSteps } from './online-steps.ts'
import type { Adoption } from './record.ts'
import { swapIn } from './swap-in.ts'
import { swapOut } from './swap-out.ts'
import { isSwapped, refuseOtherVectors } from './swapped.ts'

export interface AdoptionResult {
  readonly adoption: Adoption
  /** How long the old table was locked, in ms. */
  readonly lockedMs: number
}

/** The decisions of the adoption under way; null if none has begun. */
export function adoptionUnderWay(history: readonly RevisionRow[]): Adoption | null {
  const row = history.find(({ revision }) => revision === 2)
  return row !== undefined && isAdoption(row.record) ? row.record : null
}

function isAdoption(record: object): record is Adoption {
  return 'kind' in record && record.kind === 'adoption'
}

/** Adopts the fixed-dimension table, from the start or from where it stopped. */
export async function adopt(
  site: BuildSite,
  history: readonly RevisionRow[],
  options: AdoptionOptions & { readonly onProgress?: OnProgress },
): Promise<AdoptionResult> {
  const { onProgress } = options
  const begun = adoptionUnderWay(history)
  const adoption = begun === null ? await describeAdoption(site.session, options) : agreed(begun, options)
  if (begun === null) {
    await site.session.transaction(async (tx) => {
      if (history.length === 0) await adoptFirstRevision(tx)
      await recordStart(tx, 2, adoption)
    })
  }
  const context: AdoptionRun = { site, adoption, ...(onProgress && { onProgress }) }
  for (const step of onlineSteps(adoption)) {
    announce(context, step.name, step.does)
    await step.apply(context)
  }
  return { adoption, lockedMs: await swapIn(context) }
}

/**
 * Restores the old layout exactly, also from the middle of an adoption or of a rollback.
 *
 * @returns how long the table was locked, in ms
 * @throws RevectorError ROLLBACK_REFUSED
 */
export async function undoAdoption(
  site: BuildSite,
  adoption: Adoption,
  onProgress?: OnProgress,
): Promise<number> {
  const context: AdoptionRun = { site, adoption, ...(onProgress && { onProgress }) }
  if (await isSwapped(site.session, adoption)) await refuseOtherVectors(site.session, adoption)
  await markRollingBack(site.session)
  const lockedMs = await swapOut(context)
  for (const step of onlineSteps(adoption).reverse()) {
    announce(context, step.name, step.undoes)
    await step.undo(context)
  }
  await forget(site.session, 2)
  return lockedMs
}

function announce({ onProgress, site }: AdoptionRun, step: string, detail: string): void {
  throwIfAborted(site.signal)
  onProgress?.({ type: 'schema.step', revision: 2, step, detail })
}

async function markRollingBack(db: Queryable): Promise<void> {
  await db.query(sql`
    update revector_revisions set record = record || '{"rollingBack": true}' where revision = 2`)
}

/** A run that continues keeps to the decisions; another model now would contradict them. */
function agreed(adoption: Adoption, { model }: AdoptionOptions): Adoption {
  if (model === undefined || model.modelName === adoption.model?.modelName) return adoption
  throw new RevectorError(
    'UPGRADE_REFUSED',
    `An upgrade is under way in which the old vectors are from ${adoption.model?.modelName ?? 'no model'}, not from ${model.modelName}.`,
    {
      hint: 'Run it again without --model to finish it, or roll back first (revector db rollback --to 1).',
      data: { model: model.modelName, under_way: adoption.model?.modelName ?? null },
    },
  )
}
