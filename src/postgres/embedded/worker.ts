import { parentPort, workerData } from 'node:worker_threads'
import { type Host, type HostOptions, openHost } from './host.ts'

/** To the worker. `id` comes back with the reply. */
export type Request =
  | { readonly id: number; readonly type: 'exec'; readonly message: Uint8Array }
  | { readonly id: number; readonly type: 'dump' | 'close' }

/** From the worker: any number of `data`, then one `done` or `failed`. Id 0 is the start. */
export type Reply =
  | { readonly id: number; readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly id: number; readonly type: 'done' }
  | { readonly id: number; readonly type: 'failed'; readonly message: string }

if (parentPort !== null) {
  const port = parentPort
  const reply = (message: Reply): void => {
    if (message.type === 'data') port.postMessage(message, [message.bytes.buffer as ArrayBuffer])
    else port.postMessage(message)
  }
  const answer = async (id: number, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      reply({ id, type: 'done' })
    } catch (error) {
      reply({ id, type: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  }

  let host: Host | null = null
  // One after the other: the engine has one session, and a batch may return before it is done.
  let last = answer(0, async () => {
    host = await openHost(workerData as HostOptions)
  })
  port.on('message', (request: Request) => {
    last = last.then(() => answer(request.id, () => run(host, request, reply)))
  })
}

async function run(host: Host | null, request: Request, reply: (message: Reply) => void): Promise<void> {
  if (host === null) throw new Error('the engine did not start')
  const { id } = request
  if (request.type === 'exec') await host.exec(request.message, (bytes) => reply({ id, type: 'data', bytes }))
  else if (request.type === 'dump') reply({ id, type: 'data', bytes: await host.dump() })
  else await host.close()
}
