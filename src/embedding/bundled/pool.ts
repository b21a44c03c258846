import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { workerUrl } from '../../core/worker-url.ts'
import { ProviderFailure } from '../../hosted/failure.ts'
import { toBatches } from '../batches.ts'
import { encoderBytes, type TokenIds } from './encoder.ts'
import type { EncoderThread } from './encoder-worker.ts'
import { loadWeights, maxTokens, width } from './weights.ts'

export interface EncoderPool {
  /** Vectors in the order of the texts. What is urgent goes before all that waits. */
  embed(texts: readonly TokenIds[], urgent: boolean): Promise<Float32Array[]>
  /** Ends the threads; what is under way fails. */
  close(): Promise<void>
}

/** One thread's work for one turn. */
interface Block {
  readonly texts: readonly TokenIds[]
  readonly resolve: (vectors: Float32Array) => void
  readonly reject: (error: Error) => void
}

/**
 * Loads the weights and runs the encoder in as many threads as there are cores. The weights are in memory once; each
 * thread takes some 7 MB. It is started when there is work that no other is free for, and never keeps an idle
 * process alive.
 */
export async function openPool(threads = availableParallelism()): Promise<EncoderPool> {
  const shared = await loadWeights(threads * encoderBytes)
  const slots = Array.from({ length: threads }, (_, slot) => slot)
  const running = new Map<Worker, Block | null>()
  const waiting: Block[] = []

  function start(): Worker | undefined {
    const slot = slots.shift()
    if (slot === undefined) return undefined
    const worker = new Worker(workerUrl(import.meta.url, 'encoder-worker'), {
      workerData: { ...shared, slot } satisfies EncoderThread,
      // Flags of the main thread may not fit a file: --input-type, --eval, --test.
      execArgv: [],
    })
    let reason = "The encoder's thread has ended."
    worker.on('message', (vectors: Float32Array) => {
      running.get(worker)?.resolve(vectors)
      running.set(worker, null)
      worker.unref()
      assign()
    })
    worker.once('error', (error) => {
      reason = `The encoder's thread failed: ${error.message}`
    })
    worker.once('exit', () => {
      running.get(worker)?.reject(new ProviderFailure('denied', reason))
      running.delete(worker)
      slots.push(slot)
      assign()
    })
    return worker
  }

  function assign(): void {
    while (waiting.length > 0) {
      const idle = [...running].find(([, block]) => block === null)?.[0] ?? start()
      const block = idle === undefined ? undefined : waiting.shift()
      if (idle === undefined || block === undefined) return
      running.set(idle, block)
      idle.ref()
      idle.postMessage(block.texts)
    }
  }

  return {
    async embed(texts, urgent) {
      const items = texts.map((ids, place) => ({ ids, place, tokens: ids.length }))
      const vectors: Float32Array[] = []
      const blocks = toBlocks(items, threads).map(async (block) => {
        const numbers = await new Promise<Float32Array>((resolve, reject) => {
          const one = { texts: block.map(({ ids }) => ids), resolve, reject }
          if (urgent) waiting.unshift(one)
          else waiting.push(one)
        })
        for (const [at, { place }] of block.entries()) {
          vectors[place] = numbers.slice(at * width, (at + 1) * width)
        }
      })
      assign()
      await Promise.all(blocks)
      return vectors
    },
    async close() {
      for (const { reject } of waiting.splice(0))
        reject(new ProviderFailure('denied', 'The model was closed.'))
      await Promise.all([...running.keys()].map((worker) => worker.terminate()))
    },
  }
}

/** As many tokens in each as the encoder takes at once, or fewer, so that the threads end together. */
function toBlocks<T extends { readonly tokens: number }>(items: readonly T[], threads: number): T[][] {
  const tokens = items.reduce((total, item) => total + item.tokens, 0)
  const turns = Math.ceil(tokens / (threads * maxTokens))
  return toBatches(items, { items: maxTokens, tokens: Math.ceil(tokens / (threads * turns)) })
}
