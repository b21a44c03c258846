import pLimit from 'p-limit'
import { RevectorError, throwIfAborted } from '../../core/errors.ts'
import type { Migration } from '../../core/migration.ts'
import { batchesLeft, type Lease } from '../../store/migration-batches.ts'
import { requireMigration } from '../../store/migrations.ts'
import { coverageInScope } from '../../store/verification.ts'
import { claim, OverBudget } from './claim.ts'
import { enqueue } from './enqueue.ts'
import { backOffMs } from './failures.ts'
import type { FillContext } from './fill-context.ts'
import { fillBatch, pauseFor } from './fill-lane.ts'
import { tokensRatio } from './tally.ts'
import { actorOf } from './worker.ts'

/**
 * Works on a migration that is filling, together with whoever else does, until nothing is missing.
 *
 * @returns whether nothing is missing; otherwise the migration is not filling any more, or the worker was told to stop
 * @throws RevectorError INTERRUPTED, of the database
 */
export async function fillMigration(context: FillContext): Promise<boolean> {
  const { clock, signal, stop } = context
  // One more than the provider takes at once: a batch is stored while others are being embedded.
  const lanes = context.concurrency ?? context.opened.limits.concurrency + 1
  // However many are embedded at once: a worker takes no more than one processor from a server that searches.
  const storing = pLimit(1)
  const either = AbortSignal.any([signal, stop])
  const running = new Set<Promise<void>>()
  const report = await progressReport(context)
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
    const result = await fillBatch({ ...context, storing }, lease)
    if (result.type === 'stored') report.stored(result.progress)
    if (result.type === 'failed') waitUntil = Math.max(waitUntil, clock.now() + backOffMs(result.failures))
  }
  async function wait(ms: number): Promise<void> {
    await clock.wait(Math.max(1, Math.ceil(ms)), either).catch(() => throwIfAborted(signal))
  }

  async function untilComplete(): Promise<boolean> {
    while (failed === null && !either.aborted) {
      const backingOff = waitUntil - clock.now()
      const lease = running.size < lanes && backingOff <= 0 ? await claimNext(context) : null
      if (lease === 'over budget') return false
      if (lease !== null) {
        begin(lease)
      } else if (running.size > 0) {
        await Promise.race(running)
      } else if (backingOff > 0) {
        await wait(backingOff)
      } else {
        const left = await nothingInHand(context)
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
  // Whoever was told to stop wants to go, and knows the rest to be left.
  await report.finished({ recount: !stop.aborted })
  return complete
}

/** Leases a batch; pauses the migration when it would cost too much. */
async function claimNext(context: FillContext): Promise<Lease | null | 'over budget'> {
  const { db, migration, worker, pace, tally } = context
  try {
    const ratio = tokensRatio(tally)
    return await claim(db, migration, { workerId: worker.id, leaseMs: pace.leaseMs, tokensRatio: ratio })
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    await pauseFor(context, budgetExceeded(error, migration.targetModel), 'budget')
    return 'over budget'
  }
}

/**
 * No batch can be had and none is in hand: others hold what is left, or the next are to be cut.
 *
 * @returns whether the fill is complete, when there is nothing more to wait for
 */
async function nothingInHand(context: FillContext): Promise<boolean | { readonly waitMs: number }> {
  const { db, layout, migration, target, opened, pace, worker } = context
  const now = await requireMigration(db, migration.id)
  if (now.state !== 'filling') return false
  const { claimableInMs } = await batchesLeft(db, migration.id)
  if (claimableInMs !== null) return { waitMs: Math.min(pace.pollMs, claimableInMs) }
  const cut = await enqueue({ db, layout }, now, target, {
    limits: opened.limits,
    actor: actorOf(worker.id),
  })
  if (cut === null) return { waitMs: pace.pollMs / 10 }
  return cut.batches === 0 ? true : { waitMs: 0 }
}

function budgetExceeded({ budgetUsd, costUsd }: OverBudget, model: string): RevectorError {
  return new RevectorError(
    'BUDGET_EXCEEDED',
    `The next batch would bring the cost of moving to "${model}" to ${dollars(costUsd)}: the budget is ${dollars(budgetUsd)}.`,
    {
      hint: 'Start the migration again with a larger --budget-usd to go on, or cancel it.',
      data: { model, budget_usd: budgetUsd, cost_usd: costUsd },
    },
  )
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`
}

/** Events for whoever watches this worker; they count what all workers have done. */
async function progressReport({ db, layout, migration, target, onProgress, tally }: FillContext) {
  if (onProgress === undefined) return { stored: () => {}, finished: async () => {} }
  const countAll = async ({ scope }: Pick<Migration, 'scope'>) => {
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
    /** The last batches may have been another's, and chunks come and go meanwhile. */
    async finished({ recount }: { readonly recount: boolean }): Promise<void> {
      const now = recount ? await countAll(await requireMigration(db, migration.id)) : {}
      onProgress({ type: 'fill.finished', ...progress(), ...now })
    },
  }
}
