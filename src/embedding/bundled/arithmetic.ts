import { type Norm, normEpsilon } from './weights.ts'

/*
 * What lies between the matrix products, on rows of plain arrays: under a tenth of the work. `?? 0` only tells
 * the compiler what the loops' bounds guarantee.
 */

/** Adds the same numbers to each of the first rows; with `rectify`, what is below 0 becomes 0. */
export function addBias(numbers: Float32Array, bias: Float32Array, rows: number, rectify = false): void {
  const columns = bias.length
  for (let start = 0; start < rows * columns; start += columns) {
    for (let at = 0; at < columns; at += 1) {
      const value = (numbers[start + at] ?? 0) + (bias[at] ?? 0)
      numbers[start + at] = rectify && value < 0 ? 0 : value
    }
  }
}

export function addTo(numbers: Float32Array, other: Float32Array, length: number): void {
  for (let at = 0; at < length; at += 1) numbers[at] = (numbers[at] ?? 0) + (other[at] ?? 0)
}

/** Layer normalisation: each row to mean 0 and variance 1, then scaled and shifted. */
export function normalizeRows(from: Float32Array, to: Float32Array, norm: Norm, rows: number): void {
  const columns = norm.scale.length
  for (let start = 0; start < rows * columns; start += columns) {
    let sum = 0
    for (let at = 0; at < columns; at += 1) sum += from[start + at] ?? 0
    const mean = sum / columns
    let squares = 0
    for (let at = 0; at < columns; at += 1) squares += ((from[start + at] ?? 0) - mean) ** 2
    const factor = 1 / Math.sqrt(squares / columns + normEpsilon)
    for (let at = 0; at < columns; at += 1) {
      const value = ((from[start + at] ?? 0) - mean) * factor
      to[start + at] = value * (norm.scale[at] ?? 0) + (norm.bias[at] ?? 0)
    }
  }
}

/** Softmax of the first `length` numbers of each row; the rest of the row becomes 0. */
export function softmaxRows(numbers: Float32Array, rows: number, columns: number, length: number): void {
  for (let start = 0; start < rows * columns; start += columns) {
    let highest = Number.NEGATIVE_INFINITY
    for (let at = 0; at < length; at += 1) highest = Math.max(highest, numbers[start + at] ?? 0)
    let sum = 0
    for (let at = 0; at < length; at += 1) {
      const value = Math.exp((numbers[start + at] ?? 0) - highest)
      numbers[start + at] = value
      sum += value
    }
    for (let at = 0; at < columns; at += 1) {
      numbers[start + at] = at < length ? (numbers[start + at] ?? 0) / sum : 0
    }
  }
}

/** The mean of the first rows, written as one row. */
export function meanRow(from: Float32Array, to: Float32Array, rows: number, columns: number): void {
  for (let at = 0; at < columns; at += 1) {
    let sum = 0
    for (let row = 0; row < rows; row += 1) sum += from[row * columns + at] ?? 0
    to[at] = sum / rows
  }
}

/** tanh of each number, then the whole scaled to length 1. */
export function tanhUnit(numbers: Float32Array): Float32Array {
  const vector = numbers.map(Math.tanh)
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  return vector.map((value) => value / length)
}
