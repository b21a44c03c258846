/**
 * Groups that stay within both limits, shortest texts first: local models pad every text of a batch to its
 * longest. A text larger than the limit by itself is a batch of its own; the provider decides.
 */
export function toBatches<T extends { readonly tokens: number }>(
  items: readonly T[],
  limits: { readonly items: number; readonly tokens: number },
): T[][] {
  const batches: T[][] = []
  let batch: T[] = []
  let tokens = 0
  for (const item of items.toSorted((a, b) => a.tokens - b.tokens)) {
    if (batch.length > 0 && (batch.length >= limits.items || tokens + item.tokens > limits.tokens)) {
      batches.push(batch)
      batch = []
      tokens = 0
    }
    batch.push(item)
    tokens += item.tokens
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
