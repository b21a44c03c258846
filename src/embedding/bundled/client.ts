import { Worker } from 'node:worker_threads'
import { workerUrl } from '../../core/worker-url.ts'
import { ProviderFailure } from '../../hosted/failure.ts'
import type { Reply, Request, WorkerOptions } from './protocol.ts'
import type { Route } from './session.ts'

export interface EncoderClient {
  readonly route: Route
  embed(texts: readonly string[]): Promise<{ numbers: Float32Array; tokens: number }>
  /** Waits for what is under way, then ends the thread. */
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: { numbers: Float32Array; tokens: number }) => void
  readonly reject: (error: Error) => void
}

/** Starts the worker thread and waits until its weights are loaded. It never keeps an idle process alive. */
export async function startEncoder(route: Route | null): Promise<EncoderClient> {
  const options: WorkerOptions = { route }
  const worker = new Worker(workerUrl(import.meta.url, 'worker'), {
    workerData: options,
    // Flags of the main thread may not fit a file: --input-type, --eval, --test.
    execArgv: [],
  })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const waiting = new Map<number, Waiting>()
  let next = 0

  const ready = new Promise<Route>((resolve, reject) => {
    worker.on('message', (reply: Reply) => {
      if (reply.type === 'ready') return resolve(reply.route)
      if (reply.type === 'failed') return reject(new ProviderFailure('denied', reply.message))
      const request = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (waiting.size === 0) worker.unref()
      if (reply.type === 'embedded') request?.resolve(reply)
      else request?.reject(new ProviderFailure('denied', reply.message))
    })
    const stop = (reason: string) => {
      const failure = new ProviderFailure('denied', reason)
      reject(failure)
      for (const request of waiting.values()) request.reject(failure)
      waiting.clear()
    }
    worker.once('error', (error) => stop(`The encoder's thread failed: ${error.message}`))
    worker.once('exit', () => stop("The encoder's thread has ended."))
  })
  const running = await ready
  worker.unref()

  const send = (request: Request) => {
    worker.ref()
    worker.postMessage(request)
  }
  return {
    route: running,
    embed(texts) {
      const id = next
      next += 1
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        send({ type: 'embed', id, texts })
      })
    },
    async close() {
      send({ type: 'close' })
      await ended
    },
  }
}
