import type { ServeOptions } from '../config/serve-options.ts'
import { RevectorError } from '../core/errors.ts'
import { createPlaces } from './concurrency.ts'
import { atEnd } from './ended.ts'
import { faultOfText } from './json-body.ts'
import type { App, Caller } from './route.ts'

/** Until the caller is known. */
const unknownCaller: Caller = { keyId: null, name: 'unknown', scope: 'read', requestsPerMinute: null }

/** What every request passes first: the address must be storable, and there must be a free slot. */
export function admit(app: App, { maxConcurrentRequests }: ServeOptions): void {
  const places = createPlaces(maxConcurrentRequests, 'requests')
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request, reply) => {
    request.caller = unknownCaller
    reply.header('x-request-id', request.id)
    const fault = faultOfText(decoded(request.url))
    if (fault !== null) {
      throw new RevectorError('INVALID_INPUT', `The address contains ${fault}.`, { hint: 'Remove it.' })
    }
    // Monitoring must not be refused because the service is busy.
    if (request.routeOptions.config.scope == null) return
    atEnd(request, places.take())
  })
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url.replaceAll('+', ' '))
  } catch {
    return url
  }
}
