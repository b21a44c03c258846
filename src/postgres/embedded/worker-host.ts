import { Worker } from 'node:worker_threads'
import { workerUrl } from '../../core/worker-url.ts'
import type { Host, HostOptions } from './host.ts'
import type { Reply, Request } from './worker.ts'

/** A `Host` in its own thread: an index build that takes seconds there does not block this one. */
export interface WorkerHost extends Host {
  /** Called once if the worker ends other than by `close`. Returns a function that stops listening. */
  onDeath(listener: (error: Error) => void): () => void
}

interface Pending {
  onData(bytes: Uint8Array): void
  resolve(): void
  reject(error: Error): void
}

/** The error of every call once the worker has ended. */
export const engineStopped = 'EMBEDDED_ENGINE_STOPPED'

export async function openWorkerHost(options: HostOptions): Promise<WorkerHost> {
  const worker = new Worker(workerUrl(import.meta.url, './worker'), {
    workerData: options,
    // The engine logs to its standard output; none of it is meant for users.
    stdout: true,
    stderr: true,
  })
  const pending = new Map<number, Pending>()
  const listeners = new Set<(error: Error) => void>()
  let death: Error | null = null
  let closing = false
  let lastId = 0

  const die = (why: string): void => {
    if (death !== null) return
    death = Object.assign(new Error(`The embedded engine stopped: ${why}`), { code: engineStopped })
    for (const call of pending.values()) call.reject(death)
    pending.clear()
    if (closing) return
    for (const listener of [...listeners]) listener(death)
  }

  worker.on('message', (reply: Reply) => {
    const call = pending.get(reply.id)
    if (reply.type === 'data') return call?.onData(reply.bytes)
    pending.delete(reply.id)
    if (reply.type === 'done') return call?.resolve()
    // Errors of statements are protocol replies; this one is of the engine itself, which can't be trusted after
    // it.
    const error = Object.assign(new Error(reply.message), { code: engineStopped })
    call?.reject(error)
    die(reply.message)
  })
  worker.on('error', (error) => die(error.message))
  worker.on('exit', (code) => die(code === 70 ? 'it had an internal error' : `its thread ended (${code})`))

  function wait(id: number, onData: Pending['onData']): Promise<void> {
    return new Promise((resolve, reject) => {
      if (death !== null) reject(death)
      else pending.set(id, { onData, resolve, reject })
    })
  }

  async function call(request: (id: number) => Request, onData: Pending['onData'] = () => {}): Promise<void> {
    const id = ++lastId
    const answered = wait(id, onData)
    if (death === null) worker.postMessage(request(id))
    await answered
  }

  try {
    await wait(0, () => {})
  } catch (error) {
    await worker.terminate()
    throw error
  }

  return {
    exec: (message, onData) => call((id) => ({ id, type: 'exec', message }), onData),
    dump: async () => {
      const parts: Uint8Array[] = []
      await call(
        (id) => ({ id, type: 'dump' }),
        (bytes) => parts.push(bytes),
      )
      return Buffer.concat(parts)
    },
    close: async () => {
      closing = true
      try {
        if (death === null) await call((id) => ({ id, type: 'close' }))
      } finally {
        await worker.terminate()
      }
    },
    onDeath: (listener) => {
      listeners.add(listener)
      if (death !== null) listener(death)
      return () => void listeners.delete(listener)
    },
  }
}
