import type { FastifyRequest } from 'fastify'
import { RevectorError } from '../core/errors.ts'
import type { App } from './route.ts'

/** An address that is known with another method, or not at all. */
export function unknownAddress(app: App, { method, url }: FastifyRequest): RevectorError {
  const path = (url.split('?')[0] ?? '').slice(0, 200)
  const allowed = ['GET', 'POST', 'PUT', 'DELETE'].filter((one) => knows(app, one, path))
  if (allowed.length > 0) {
    return new RevectorError('METHOD_NOT_ALLOWED', `${path} does not take ${method}.`, {
      hint: `It takes ${allowed.join(', ')}.`,
      data: { allow: allowed.join(', ') },
    })
  }
  return new RevectorError('NOT_FOUND', `There is nothing at ${path}.`, {
    hint: 'See /docs for what there is.',
  })
}

function knows(app: App, method: string, url: string): boolean {
  try {
    return app.findRoute({ method, url }) !== null
  } catch {
    return false
  }
}
