import type { StoredBatch } from './fill-batch.ts'

/** What one worker has done. */
export interface Tally {
  batches: number
  /** Vectors that a provider made for migrations. */
  embedded: number
  /** Vectors taken from chunks of the same text. */
  reused: number
  quarantined: number
  /** Chunks that were pending to a written model, and are not any more. */
  pending: number
  tokens: number
  /** Our own count of the tokens that migrations took. */
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

/** How many tokens the provider counts for one of ours, as far as is known. */
export function tokensRatio({ tokens, estimatedTokens }: Tally): number {
  return estimatedTokens === 0 ? 1 : tokens / estimatedTokens
}
