import { addBias, addTo, meanRow, normalizeRows, tanhUnit } from './arithmetic.ts'
import { attentionFloats, createAttention } from './attention.ts'
import { compileMultiply } from './matmul.ts'
import { timingSignal } from './timing.ts'
import {
  type Dense,
  innerWidth,
  type Layer,
  maxTokens,
  type SharedWeights,
  tokenWidth,
  width,
} from './weights.ts'

/** Bytes that one encoder works in. */
export const encoderBytes = 4 * (maxTokens * (4 * width + innerWidth) + attentionFloats)

/** Texts as numbers of vocabulary pieces, 1 to 128 each. */
export type TokenIds = readonly number[]

/**
 * The encoder: matrix products in WASM, what lies between them in JavaScript. It takes texts of at most 128 tokens
 * together, each as a stretch of rows of one matrix, and gives their vectors of length 1, one after the other. A row
 * is computed from its own text alone, by the same steps in the same order: which texts are beside it changes
 * nothing, not even the last bit.
 *
 * `slot` is the encoder's number among those that share the memory.
 */
export function createEncoder({ memory, weights }: SharedWeights, slot: number) {
  const multiply = compileMultiply(memory)
  const timing = timingSignal(weights.frequencies)
  let next = memory.buffer.byteLength - (slot + 1) * encoderBytes
  const allocate = (floats: number) => {
    const area = new Float32Array(memory.buffer, next, floats)
    next += area.byteLength
    return area
  }
  const rowsOf = (columns: number) => allocate(maxTokens * columns)
  const [hidden, normed, attended, sum] = [rowsOf(width), rowsOf(width), rowsOf(width), rowsOf(width)]
  const wide = rowsOf(innerWidth)
  const attend = createAttention(multiply, allocate)

  function apply(dense: Dense, from: Float32Array, to: Float32Array, rows: number, rectify = false): void {
    multiply(from, dense.kernel, to, { rows, depth: dense.inputs, columns: dense.outputs })
    addBias(to, dense.bias, rows, rectify)
  }

  function lookUp(texts: readonly TokenIds[]): void {
    let row = 0
    for (const ids of texts) {
      for (const [place, id] of ids.entries()) {
        for (let at = 0; at < tokenWidth; at += 1) {
          const token = weights.embeddings[id * tokenWidth + at] ?? 0
          hidden[row * tokenWidth + at] = 2 * token + (timing[place * tokenWidth + at] ?? 0)
        }
        row += 1
      }
    }
  }

  /** Replaces what is in `hidden`. */
  function applyLayer(layer: Layer, lengths: readonly number[], rows: number): void {
    normalizeRows(hidden, normed, layer.attentionNorm, rows)
    apply(layer.queryKeyValue, normed, wide, rows)
    let start = 0
    for (const length of lengths) {
      const [from, to] = [wide.subarray(start * layer.width * 3), attended.subarray(start * layer.width)]
      attend(from, to, length, layer.width)
      start += length
    }
    apply(layer.attentionOutput, attended, sum, rows)
    if (layer.residual === null) {
      addTo(sum, hidden, rows * width)
    } else {
      apply(layer.residual, hidden, normed, rows)
      addTo(sum, normed, rows * width)
    }
    normalizeRows(sum, normed, layer.expandNorm, rows)
    apply(layer.expand, normed, wide, rows, true)
    apply(layer.contract, wide, hidden, rows)
    addTo(hidden, sum, rows * width)
  }

  return function encode(texts: readonly TokenIds[]): Float32Array<ArrayBuffer> {
    const lengths = texts.map((ids) => ids.length)
    const rows = lengths.reduce((total, length) => total + length, 0)
    // Behind this encoder's part of the memory lies another's.
    if (rows > maxTokens) throw new Error(`The encoder takes ${maxTokens} tokens at once, not ${rows}.`)
    lookUp(texts)
    for (const layer of weights.layers) applyLayer(layer, lengths, rows)
    let start = 0
    for (const [text, length] of lengths.entries()) {
      meanRow(hidden.subarray(start * width), normed.subarray(text * width), length, width)
      start += length
    }
    apply(weights.head, normed, sum, texts.length)
    const vectors = new Float32Array(texts.length * width)
    for (const text of texts.keys()) {
      vectors.set(tanhUnit(sum.subarray(text * width, (text + 1) * width)), text * width)
    }
    return vectors
  }
}
