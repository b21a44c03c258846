import type { FastifyRequest } from 'fastify'
import { RevectorError } from '../core/errors.ts'
import type { App } from './route.ts'

/** An address that exists with another method, or not at all. */
export function unknownAddress(app: App, { method, url }: FastifyRequest): RevectorError {
  const path = (url.split('?')[0] ?? '').slice(0, 200)
  const allowed = ['GET', 'POST', 'PUT', 'DELETE'].filter((one) => knows(app, one, path))
  if (allowed.length > 0) {
    return new RevectorError('METHOD_NOT_ALLOWED', `${path} does not support ${method}.`, {
      hint: `It supports ${allowed.join(', ')}.`,
      data: { allow: allowed.join(', ') },
    })
  }
  return new RevectorError('NOT_FOUND', `There is nothing at ${path}.`, {
    hint: 'See /docs for all addresses.',
  })
}

function knows(app: App, method: string, url: string): boolean {
  try {
    return app.findRoute({ method, url }) !== null
  } catch {
    return false
  }
}
