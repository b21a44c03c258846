import { parentPort, workerData } from 'node:worker_threads'
import { createEncoder, type TokenIds } from './encoder.ts'
import type { SharedWeights } from './weights.ts'

/** What a thread is started with. */
export interface EncoderThread extends SharedWeights {
  readonly slot: number
}

const port = parentPort
if (port === null) throw new Error('This file is the entry of a worker thread.')
const thread = workerData as EncoderThread
const encode = createEncoder(thread, thread.slot)
port.on('message', (texts: readonly TokenIds[]) => {
  const vectors = encode(texts)
  port.postMessage(vectors, [vectors.buffer])
})
