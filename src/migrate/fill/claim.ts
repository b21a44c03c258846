import type { Database } from '../../postgres/database.ts'
import { batchesLeft, claimBatch, type Lease } from '../../store/migration-batches.ts'
import { lockSpending } from '../../store/migration-progress.ts'
import { requireMigration, type StoredMigration } from '../../store/migrations.ts'

/** The cost that the next batch would lead to, if that exceeds the budget. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget'
  readonly budgetUsd: number
  readonly costUsd: number

  constructor(budgetUsd: number, costUsd: number) {
    super(`The next batch would raise the cost to ${costUsd} of ${budgetUsd} US dollars`)
    this.budgetUsd = budgetUsd
    this.costUsd = costUsd
  }
}

export interface ClaimRequest {
  readonly workerId: string
  readonly leaseMs: number
  /** The ratio of the provider's token count to ours. */
  readonly tokensRatio: number
}

/**
 * Leases the next batch; null if there is none.
 *
 * @throws OverBudget, and leases nothing, if it and the batches in flight would cost more than is left
 */
export async function claim(
  db: Database,
  { id }: Pick<StoredMigration, 'id'>,
  { workerId, leaseMs, tokensRatio }: ClaimRequest,
): Promise<Lease | null> {
  return db.transaction(
    async (tx) => {
      // Limits that change while the migration is filling apply from the next batch on.
      const { budgetUsd, pricePerMillionTokens: price } = await requireMigration(tx, id)
      const limited = budgetUsd !== null && price !== null && price > 0
      // One claim at a time, so that two workers can't both spend the last of the budget.
      const spent = limited ? await lockSpending(tx, id) : 0
      const lease = await claimBatch(tx, id, workerId, leaseMs)
      if (lease === null || !limited) return lease
      const { leasedTokens } = await batchesLeft(tx, id)
      const cost = spent + (leasedTokens * Math.max(1, tokensRatio) * price) / 1e6
      if (cost > budgetUsd) throw new OverBudget(budgetUsd, cost)
      return lease
    },
    // If it takes effect twice, the first of the two leases expires by itself.
    { idempotent: true },
  )
}
