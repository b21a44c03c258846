import { Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { ServeOptions } from '../config/serve-options.ts'
import type { App } from './route.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborts when the service starts to stop: it is no longer ready, and endless streams end. */
    readonly stopping: AbortSignal
    readonly stop: Stop
  }
}

interface Stop {
  begin(): void
  /** Requests that have arrived and have not been answered. */
  unanswered(): number
}

/** Register before any other hook: counts requests, and closes connections once the service stops. */
export function prepareStop(app: App): void {
  const stopping = new AbortController()
  const open = new Set<FastifyRequest>()
  app.decorate('stopping', stopping.signal)
  app.decorate('stop', { begin: () => stopping.abort(), unanswered: () => open.size })
  app.addHook('onRequest', async (request, reply) => {
    open.add(request)
    reply.raw.once('close', () => open.delete(request))
  })
  // A client that is told so sends its next request elsewhere; one whose connection is cut may have just sent
  // one.
  app.addHook('onSend', async (_request, reply) => {
    if (stopping.signal.aborted) reply.header('connection', 'close')
  })
}

/** How often an idle connection is checked before it is closed: a request may be on its way. */
const quietLooks = 40
const lookMs = 25

export type StopOptions = Pick<ServeOptions, 'stopDelayMs' | 'stopTimeoutMs'>

/**
 * Not ready, then no new connections, then every request that arrived is answered, then the app is closed.
 * Returns the number of requests that did not finish in time.
 */
export async function stopListening(
  app: App,
  { stopDelayMs, stopTimeoutMs }: StopOptions,
  pause: (ms: number) => Promise<unknown> = wait,
): Promise<number> {
  app.stop.begin()
  if (stopDelayMs > 0) await pause(stopDelayMs)
  const { server } = app
  // Not http's own close: it cuts connections that look idle while a request is on its way.
  if (server.listening) Server.prototype.close.call(server)
  const deadline = performance.now() + stopTimeoutMs
  // Counts checks, not time: after a stall of this process, time has passed in which nothing could be read.
  for (let quiet = 0; quiet < quietLooks; ) {
    if ((await connectionsOf(app)) === 0 || performance.now() >= deadline) break
    await pause(lookMs)
    quiet = app.stop.unanswered() > 0 ? 0 : quiet + 1
  }
  const lost = app.stop.unanswered()
  // Also those that never had a request, which browsers keep for later: Node does not count them as idle.
  server.closeAllConnections()
  await app.close()
  return lost
}

function connectionsOf({ server }: App): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}
