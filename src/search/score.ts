import type { Distance } from '../wire/model.ts'

/** Higher is better. Cosine: 1 − distance, from −1 to 1. Inner product: the product. L2: 1 / (1 + distance), to 1. */
export function scoreOf(kind: Distance, distance: number): number {
  switch (kind) {
    case 'cosine':
      return 1 - distance
    case 'inner_product':
      // pgvector's operator returns the negative, so that smaller is nearer.
      return -distance
    case 'l2':
      return 1 / (1 + distance)
  }
}
