import type { Distance } from '../wire/model.ts'

/** 0: the same direction; 1: nothing in common; 2: opposite. Vectors of different widths have nothing in common. */
export function cosineDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 1
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i] ?? 0
    const y = b[i] ?? 0
    product += x * y
    squaresA += x * x
    squaresB += y * y
  }
  const lengths = Math.sqrt(squaresA * squaresB)
  // Rounding may put two equal vectors slightly below 0.
  return lengths === 0 ? 1 : Math.max(0, 1 - product / lengths)
}

/** Like the database's operators; smaller is nearer. */
export function distanceBetween(distance: Distance, a: Float32Array, b: Float32Array): number {
  if (distance === 'cosine') return cosineDistance(a, b)
  let sum = 0
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i] ?? 0
    const y = b[i] ?? 0
    sum += distance === 'inner_product' ? -x * y : (x - y) ** 2
  }
  return distance === 'l2' ? Math.sqrt(sum) : sum
}
