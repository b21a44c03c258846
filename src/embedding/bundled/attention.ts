import { softmaxRows } from './arithmetic.ts'
import { type Multiply, panelColumns as panel } from './matmul.ts'
import { heads, maxTokens } from './weights.ts'

/** Numbers that attention over one text needs at most. */
export const attentionFloats = 5 * maxTokens * maxTokens

/**
 * Attention of `heads` heads over one text. `from` holds queries, keys and values side by side, a third of the
 * row each; `to` gets the heads' results side by side.
 */
export function createAttention(multiply: Multiply, allocate: (floats: number) => Float32Array) {
  const square = () => allocate(maxTokens * maxTokens)
  const [queries, keys, scores, values, results] = [square(), square(), square(), square(), square()]

  return function attend(from: Float32Array, to: Float32Array, rows: number, layerWidth: number): void {
    const depth = layerWidth / heads
    const stride = layerWidth * 3
    const factor = 1 / Math.sqrt(depth)
    const padded = Math.ceil(rows / panel) * panel
    for (let head = 0; head < heads; head += 1) {
      const offset = head * depth
      // A value of a place that isn't there is multiplied by 0, and must not be NaN.
      values.fill(0, 0, padded * depth)
      for (let row = 0; row < rows; row += 1) {
        const source = row * stride + offset
        for (let at = 0; at < depth; at += 1) {
          const column = at - (at % panel)
          queries[row * depth + at] = (from[source + at] ?? 0) * factor
          // Keys are packed transposed: a token is a column.
          keys[(row - (row % panel)) * depth + at * panel + (row % panel)] =
            from[source + layerWidth + at] ?? 0
          values[column * padded + row * panel + (at - column)] = from[source + 2 * layerWidth + at] ?? 0
        }
      }
      multiply(queries, keys, scores, { rows, depth, columns: padded })
      softmaxRows(scores, rows, padded, rows)
      multiply(scores, values, results, { rows, depth: padded, columns: depth })
      for (let row = 0; row < rows; row += 1) {
        const result = results.subarray(row * depth, (row + 1) * depth)
        to.set(result, row * layerWidth + offset)
      }
    }
  }
}
