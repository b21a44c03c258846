import { encodeGraph } from './graph.ts'
import type { Session } from './session.ts'
import { timingSignal } from './timing.ts'
import { loadWeights, tokenWidth, width } from './weights.ts'

type Runtime = typeof import('onnxruntime-node')

/** The encoder in onnxruntime-node. The graph is built in memory from the weights: quicker than reading it. */
export async function openOnnxSession(runtime: Runtime): Promise<Session> {
  const { weights } = await loadWeights(0, false)
  const timing = timingSignal(weights.frequencies)
  const session = await runtime.InferenceSession.create(encodeGraph(weights), {
    // Batches differ in length, and the arena keeps room for each: 200 MB for a tenth of the time.
    enableCpuMemArena: false,
    // Only errors: a warning per start about the machine's devices helps nobody.
    logSeverityLevel: 3,
  })

  return {
    route: 'onnx',
    async run(texts) {
      const tokens = Math.max(...texts.map((ids) => ids.length))
      const ids = new BigInt64Array(texts.length * tokens)
      const mask = new Float32Array(texts.length * tokens)
      for (const [text, pieces] of texts.entries()) {
        for (const [place, id] of pieces.entries()) ids[text * tokens + place] = BigInt(id)
        mask.fill(1, text * tokens, text * tokens + pieces.length)
      }
      const shape = [texts.length, tokens]
      const { embedding } = await session.run({
        ids: new runtime.Tensor('int64', ids, shape),
        mask: new runtime.Tensor('float32', mask, shape),
        timing: new runtime.Tensor('float32', timing.subarray(0, tokens * tokenWidth), [tokens, tokenWidth]),
      })
      const numbers = embedding?.data
      if (!(numbers instanceof Float32Array)) throw new Error('The encoder gave no embeddings.')
      return texts.map((_, text) => numbers.slice(text * width, (text + 1) * width))
    },
    async close() {
      await session.release()
    },
  }
}
