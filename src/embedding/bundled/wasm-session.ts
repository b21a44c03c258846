import { addBias, addTo, meanRow, normalizeRows, tanhUnit } from './arithmetic.ts'
import { createAttention } from './attention.ts'
import type { Session } from './session.ts'
import { timingSignal } from './timing.ts'
import { type Area, createWasmMemory, type WasmMemory } from './wasm-memory.ts'
import { type Dense, type Layer, loadWeights, maxTokens, tokenWidth, type Weights, width } from './weights.ts'

/** The encoder with its matrix products in WASM and what lies between them in JavaScript, one text at a time. */
export async function openWasmSession(): Promise<Session> {
  const weights = await loadWeights()
  const memory = createWasmMemory(floatsOf(weights))
  const layers = weights.layers.map((layer) => createLayer(layer, memory))
  const head = createDense(weights.head, memory)
  const timing = timingSignal(weights.frequencies)
  // A copy, so that the shards' 28 MB can go.
  const embeddings = weights.embeddings.slice()
  const hidden = memory.allocate(maxTokens * width)
  const mean = memory.allocate(maxTokens * width)
  const result = memory.allocate(maxTokens * width)

  function embed(ids: readonly number[]): Float32Array {
    for (const [place, id] of ids.entries()) {
      for (let at = 0; at < tokenWidth; at += 1) {
        const token = embeddings[id * tokenWidth + at] ?? 0
        hidden.numbers[place * tokenWidth + at] = 2 * token + (timing[place * tokenWidth + at] ?? 0)
      }
    }
    for (const layer of layers) layer(hidden, ids.length)
    meanRow(hidden.numbers, mean.numbers, ids.length, width)
    head(mean, result, 1)
    return tanhUnit(result.numbers.subarray(0, width))
  }

  return {
    route: 'wasm',
    async run(texts) {
      return texts.map(embed)
    },
    async close() {},
  }
}

function createDense(dense: Dense, memory: WasmMemory) {
  const kernel = memory.load(dense)
  const bias = dense.bias.slice()
  const size = { depth: dense.inputs, columns: dense.outputs }
  return (from: Area, to: Area, rows: number, rectify = false): void => {
    memory.multiply(from, kernel, to, { rows, ...size })
    addBias(to.numbers, bias, rows, rectify)
  }
}

function createLayer(layer: Layer, memory: WasmMemory) {
  const queryKeyValue = createDense(layer.queryKeyValue, memory)
  const attentionOutput = createDense(layer.attentionOutput, memory)
  const residual = layer.residual === null ? null : createDense(layer.residual, memory)
  const expand = createDense(layer.expand, memory)
  const contract = createDense(layer.contract, memory)
  const attend = createAttention(memory)
  const normed = memory.allocate(maxTokens * width)
  const wide = memory.allocate(maxTokens * layer.expand.outputs)
  const attended = memory.allocate(maxTokens * width)
  const sum = memory.allocate(maxTokens * width)

  /** Replaces what is in `hidden`. */
  return (hidden: Area, rows: number): void => {
    normalizeRows(hidden.numbers, normed.numbers, layer.attentionNorm, rows)
    queryKeyValue(normed, wide, rows)
    attend(wide, attended, rows, layer.width)
    attentionOutput(attended, sum, rows)
    if (residual === null) {
      addTo(sum.numbers, hidden.numbers, rows * width)
    } else {
      residual(hidden, normed, rows)
      addTo(sum.numbers, normed.numbers, rows * width)
    }
    normalizeRows(sum.numbers, normed.numbers, layer.expandNorm, rows)
    expand(normed, wide, rows, true)
    contract(wide, hidden, rows)
    addTo(hidden.numbers, sum.numbers, rows * width)
  }
}

/** Room for every kernel, and for each layer's work: eight rows of 512 for each of 128 tokens, with some to spare. */
function floatsOf(weights: Weights): number {
  const kernels = weights.layers.flatMap((layer) => [
    layer.queryKeyValue,
    layer.attentionOutput,
    ...(layer.residual === null ? [] : [layer.residual]),
    layer.expand,
    layer.contract,
  ])
  const sizes = [...kernels, weights.head].map((dense) => dense.kernel.length)
  return sizes.reduce((sum, size) => sum + size, 0) + 32 * maxTokens * width
}
