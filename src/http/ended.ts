import type { FastifyRequest } from 'fastify'
import type { App } from './route.ts'

interface Progress {
  /** The handler has ended, successfully or not. */
  answered: boolean
  /** The reply has been sent, or the client has disconnected. */
  closed: boolean
  left: boolean
  readonly work: ((left: boolean) => void)[]
}

const requests = new WeakMap<FastifyRequest, Progress>()

/**
 * Register before any hook that uses `atEnd`. The framework's own hook for the end of a request does not run if
 * the client disconnects before it.
 */
export function watchEnds(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    const progress: Progress = { answered: false, closed: false, left: false, work: [] }
    requests.set(request, progress)
    reply.raw.once('close', () => {
      progress.closed = true
      progress.left = !progress.answered
      finish(request, progress)
    })
  })
  app.addHook('onSend', async (request) => {
    const progress = requests.get(request)
    if (progress === undefined) return
    progress.answered = true
    finish(request, progress)
  })
}

function finish(request: FastifyRequest, { answered, closed, left, work }: Progress): void {
  if (!answered || !closed || !requests.delete(request)) return
  for (const each of work) each(left)
}

/**
 * Runs something once when the request has been fully processed and its connection is done with it. `left`: the
 * client disconnected before there was a reply.
 */
export function atEnd(request: FastifyRequest, work: (left: boolean) => void): void {
  requests.get(request)?.work.push(work)
}
