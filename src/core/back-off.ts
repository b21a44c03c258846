/** How long to wait before something that failed is tried again: twice as long each time, less what chance takes away. */
export interface BackOff {
  readonly firstMs: number
  readonly longestMs: number
  /**
   * The share of a wait that chance leaves alone; without chance, clients that were refused together come back
   * together. Default: a half.
   */
  readonly fixedShare?: number
}

/** Milliseconds to wait after attempt `attempt` (1-based) has failed. `random`: 0 ≤ x < 1. */
export function backOffMs(
  attempt: number,
  { firstMs, longestMs, fixedShare = 0.5 }: BackOff,
  random: () => number = Math.random,
): number {
  const most = Math.min(longestMs, firstMs * 2 ** (attempt - 1))
  return Math.ceil(most * (fixedShare + (1 - fixedShare) * random()))
}
