import type { WorkReport } from '../../wire/migration.ts'
import type { StoredBatch } from './fill-batch.ts'

/** The results of one worker. */
export type Tally = { -readonly [Count in keyof Omit<WorkReport, 'workerId'>]: number } & {
  /** Tokens of migrations by our own count. */
  estimatedTokens: number
}

export function emptyTally(): Tally {
  return { batches: 0, embedded: 0, reused: 0, quarantined: 0, pending: 0, tokens: 0, estimatedTokens: 0 }
}

export function addToTally(tally: Tally, stored: StoredBatch, estimatedTokens: number): void {
  tally.batches += 1
  tally.embedded += stored.embedded
  tally.reused += stored.reused
  tally.quarantined += stored.quarantined.length
  tally.tokens += stored.tokens
  if (stored.tokens > 0) tally.estimatedTokens += estimatedTokens
}

/** The ratio of the provider's token count to ours, as far as known. */
export function tokensRatio({ tokens, estimatedTokens }: Tally): number {
  return estimatedTokens === 0 ? 1 : tokens / estimatedTokens
}
