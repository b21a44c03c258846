import type { FastifyRequest } from 'fastify'
import type { App } from './route.ts'

interface Progress {
  /** Its handler has come to its end, well or not. */
  answered: boolean
  /** The answer has gone out, or whoever asked has gone. */
  closed: boolean
  left: boolean
  readonly work: ((left: boolean) => void)[]
}

const requests = new WeakMap<FastifyRequest, Progress>()

/**
 * Before any hook that uses `atEnd`. The framework's own hook for the end of a request does not run for clients that leave
 * before it.
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
 * Does something once when nothing is done for the request any more and its connection is done with it. `left`: whoever
 * asked has gone before there was an answer.
 */
export function atEnd(request: FastifyRequest, work: (left: boolean) => void): void {
  requests.get(request)?.work.push(work)
}
