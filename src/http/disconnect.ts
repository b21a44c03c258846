import type { FastifyReply } from 'fastify'

/** Aborts when whoever asked has gone before the answer was whole: nobody is left to work for. */
export function signalOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (raw.destroyed) gone.abort()
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort()
  })
  return gone.signal
}
