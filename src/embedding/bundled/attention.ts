import { softmaxRows } from './arithmetic.ts'
import { matMulMultiples } from './matmul.ts'
import type { Area, WasmMemory } from './wasm-memory.ts'
import { heads, maxTokens } from './weights.ts'

const panel = matMulMultiples.columns

/**
 * Attention of `heads` heads over one text. `from` holds queries, keys and values side by side, a third of the
 * row each; `to` gets the heads' results side by side.
 */
export function createAttention(memory: WasmMemory) {
  const allocate = () => memory.allocate(maxTokens * maxTokens)
  const [queries, keys, scores, values, results] = [
    allocate(),
    allocate(),
    allocate(),
    allocate(),
    allocate(),
  ]

  return function attend(from: Area, to: Area, rows: number, layerWidth: number): void {
    const depth = layerWidth / heads
    const stride = layerWidth * 3
    const factor = 1 / Math.sqrt(depth)
    const padded = Math.ceil(rows / panel) * panel
    for (let head = 0; head < heads; head += 1) {
      const offset = head * depth
      // A value of a place that isn't there is multiplied by 0, and must not be NaN.
      values.numbers.fill(0)
      for (let row = 0; row < rows; row += 1) {
        const source = row * stride + offset
        for (let at = 0; at < depth; at += 1) {
          const column = at - (at % panel)
          queries.numbers[row * depth + at] = (from.numbers[source + at] ?? 0) * factor
          // Keys are packed transposed: a token is a column.
          keys.numbers[(row - (row % panel)) * depth + at * panel + (row % panel)] =
            from.numbers[source + layerWidth + at] ?? 0
          values.numbers[column * padded + row * panel + (at - column)] =
            from.numbers[source + 2 * layerWidth + at] ?? 0
        }
      }
      memory.multiply(queries, keys, scores, { rows, depth, columns: padded })
      softmaxRows(scores.numbers, rows, padded, rows)
      memory.multiply(scores, values, results, { rows, depth: padded, columns: depth })
      for (let row = 0; row < rows; row += 1) {
        const result = results.numbers.subarray(row * depth, (row + 1) * depth)
        to.numbers.set(result, row * layerWidth + offset)
      }
    }
  }
}
