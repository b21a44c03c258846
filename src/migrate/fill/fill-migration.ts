import pLimit from 'p-limit'
import { exactDollars } from '../../core/counted.ts'
import { RevectorError, throwIfAborted } from '../../core/errors.ts'
import { batchesLeft, type Lease } from '../../store/migration-batches.ts'
import { requireMigration, type StoredMigration } from '../../store/migrations.ts'
import { coverageInScope } from '../../store/verification.ts'
import { pauseFor } from '../pause.ts'
import { claim, OverBudget } from './claim.ts'
import { enqueue } from './enqueue.ts'
import { type Filling, fillLease } from './fill-lane.ts'
import { providerBackOffMs } from './provider-failure.ts'
import type { Shift } from './shift.ts'
import { tokensRatio } from './tally.ts'

/**
 * Works on a migration that is filling, together with other workers, until nothing is missing.
 *
 * @returns whether nothing is missing; otherwise the migration is no longer filling, or the worker was told to
 * stop
 * @throws RevectorError INTERRUPTED, of the database
 */
export async function fillMigration(shift: Shift, filling: Filling): Promise<boolean> {
  const { clock, signal, stop, ending } = shift
  // One more than the provider allows at once: a batch is stored while others are being embedded.
  const lanes = shift.request.concurrency ?? filling.opened.limits.concurrency + 1
  // However many are embedded at once, a worker uses at most one processor of a server that also searches.
  const oneStores = pLimit(1)
  const running = new Set<Promise<void>>()
  const report = await progressReport(shift, filling)
  let failed: unknown = null
  let waitUntil = 0

  function begin(lease: Lease): void {
    const lane = work(lease)
      .catch((error: unknown) => {
        failed ??= error
      })
      .finally(() => running.delete(lane))
    running.add(lane)
  }
  async function work(lease: Lease): Promise<void> {
    const result = await fillLease(shift, filling, lease, oneStores)
    if (result.type === 'stored') report.stored(result.progress)
    if (result.type === 'failed')
      waitUntil = Math.max(waitUntil, clock.now() + providerBackOffMs(result.failures))
  }
  async function wait(ms: number): Promise<void> {
    await clock.wait(Math.max(1, Math.ceil(ms)), ending).catch(() => throwIfAborted(signal))
  }

  async function untilComplete(): Promise<boolean> {
    while (failed === null && !ending.aborted) {
      const backingOff = waitUntil - clock.now()
      const lease = running.size < lanes && backingOff <= 0 ? await claimNext(shift, filling) : null
      if (lease === 'over budget') return false
      if (lease !== null) {
        begin(lease)
      } else if (running.size > 0) {
        await Promise.race(running)
      } else if (backingOff > 0) {
        await wait(backingOff)
      } else {
        const left = await nothingInFlight(shift, filling)
        if (typeof left === 'boolean') return left
        if (left.waitMs > 0) await wait(left.waitMs)
      }
    }
    return false
  }

  const complete = await untilComplete().catch((error: unknown) => {
    failed ??= error
    return false
  })
  await Promise.all(running)
  if (failed !== null) throw failed
  throwIfAborted(signal)
  // A worker that was told to stop leaves the rest.
  await report.finished({ recount: !stop.aborted })
  return complete
}

/** Leases a batch; pauses the migration if it would cost too much. */
async function claimNext(shift: Shift, { migration }: Filling): Promise<Lease | null | 'over budget'> {
  const { deps, worker, pace, tally } = shift
  try {
    const ratio = tokensRatio(tally)
    return await claim(deps.db, migration, { workerId: worker.id, leaseMs: pace.leaseMs, tokensRatio: ratio })
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    await pauseFor(deps, {
      migrationId: migration.id,
      actor: worker.actor,
      by: 'budget',
      error: budgetExceeded(error, migration.targetModel),
    })
    return 'over budget'
  }
}

/**
 * No batch is available and none is in flight: other workers hold the rest, or the next batches must be cut.
 *
 * @returns whether the fill is complete, if there is nothing more to wait for
 */
async function nothingInFlight(
  { deps, pace, worker }: Shift,
  { migration, target, opened }: Filling,
): Promise<boolean | { readonly waitMs: number }> {
  const { db } = deps
  const now = await requireMigration(db, migration.id)
  if (now.state !== 'filling') return false
  const { claimableInMs } = await batchesLeft(db, migration.id)
  if (claimableInMs !== null) return { waitMs: Math.min(pace.pollMs, claimableInMs) }
  const cut = await enqueue(deps, now, target, { limits: opened.limits, actor: worker.actor })
  if (cut === null) return { waitMs: pace.pollMs / 10 }
  return cut.batches === 0 ? true : { waitMs: 0 }
}

function budgetExceeded({ budgetUsd, costUsd }: OverBudget, model: string): RevectorError {
  return new RevectorError(
    'BUDGET_EXCEEDED',
    `The next batch would raise the cost of migrating to "${model}" to ${exactDollars(costUsd)}: the budget is ${exactDollars(budgetUsd)}.`,
    {
      hint: 'Start the migration again with a larger --budget-usd to continue, or cancel it.',
      data: { model, budget_usd: budgetUsd, cost_usd: costUsd },
    },
  )
}

/** Progress events of this worker; they count the work of all workers. */
async function progressReport({ deps, request, tally }: Shift, { migration, target }: Filling) {
  const { db, layout } = deps
  const { onProgress } = request
  if (onProgress === undefined) return { stored: () => {}, finished: async () => {} }
  const countAll = async ({ scope }: Pick<StoredMigration, 'scope'>) => {
    const { chunks, vectors, quarantined } = await coverageInScope(db, layout, target, scope)
    return { totalChunks: chunks, doneChunks: vectors + quarantined }
  }
  let { totalChunks, doneChunks } = await countAll(migration)
  const before = doneChunks
  const base = await requireMigration(db, migration.id)
  const progress = () => ({ model: target.modelName, totalChunks, doneChunks })
  onProgress({ type: 'fill.started', ...progress() })
  return {
    stored(all: { readonly embedded: number; readonly reused: number }): void {
      const made = all.embedded + all.reused - base.embedded - base.reused
      doneChunks = Math.max(doneChunks, Math.min(totalChunks, before + made + tally.quarantined))
      onProgress({ type: 'fill.batch', ...progress(), tokens: tally.tokens })
    },
    /** Another worker may hold the last batches, and chunks come and go meanwhile. */
    async finished({ recount }: { readonly recount: boolean }): Promise<void> {
      const now = recount ? await countAll(await requireMigration(db, migration.id)) : {}
      onProgress({ type: 'fill.finished', ...progress(), ...now })
    },
  }
}
