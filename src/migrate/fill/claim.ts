import type { Migration } from '../../core/migration.ts'
import type { Database } from '../../postgres/database.ts'
import { batchesLeft, claimBatch, type Lease } from '../../store/migration-batches.ts'
import { lockSpending } from '../../store/migration-progress.ts'
import { requireMigration } from '../../store/migrations.ts'

/** What a batch would bring the cost to, where that is more than may be spent. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget'
  readonly budgetUsd: number
  readonly costUsd: number

  constructor(budgetUsd: number, costUsd: number) {
    super(`The next batch would bring the cost to ${costUsd} of ${budgetUsd} US dollars`)
    this.budgetUsd = budgetUsd
    this.costUsd = costUsd
  }
}

export interface ClaimRequest {
  readonly workerId: string
  readonly leaseMs: number
  /** How many tokens the provider has counted for one of ours. */
  readonly tokensRatio: number
}

/**
 * Leases the next batch; null when there is none to be had.
 *
 * @throws OverBudget, and leases nothing, when it and those under way would cost more than is left
 */
export async function claim(
  db: Database,
  { id }: Pick<Migration, 'id'>,
  { workerId, leaseMs, tokensRatio }: ClaimRequest,
): Promise<Lease | null> {
  return db.transaction(
    async (tx) => {
      // Limits that are given while it is being filled hold from the next batch on.
      const { budgetUsd, pricePerMillionTokens: price } = (await requireMigration(tx, id)).settings
      const limited = budgetUsd !== null && price !== null && price > 0
      // Claims take turns, so that two workers can't both spend the last of it.
      const spent = limited ? await lockSpending(tx, id) : 0
      const lease = await claimBatch(tx, id, workerId, leaseMs)
      if (lease === null || !limited) return lease
      const { leasedTokens } = await batchesLeft(tx, id)
      const cost = spent + (leasedTokens * Math.max(1, tokensRatio) * price) / 1e6
      if (cost > budgetUsd) throw new OverBudget(budgetUsd, cost)
      return lease
    },
    // Should it take effect twice, the first of the two leases runs out by itself.
    { idempotent: true },
  )
}
