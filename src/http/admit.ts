import type { ServeOptions } from '../config/serve-options.ts'
import { RevectorError } from '../core/errors.ts'
import { createPlaces } from './concurrency.ts'
import { atEnd } from './ended.ts'
import { faultOfText } from './json-body.ts'
import type { App, Caller } from './route.ts'

/** Until it is known who asks. */
const nobody: Caller = { keyId: null, name: 'nobody', scope: 'read', requestsPerMinute: null }

/** What every request passes first: an address that can be stored, and a place among those that are being answered. */
export function admit(app: App, { maxConcurrentRequests }: ServeOptions): void {
  const places = createPlaces(maxConcurrentRequests, 'requests')
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request, reply) => {
    request.caller = nobody
    reply.header('x-request-id', request.id)
    const fault = faultOfText(decoded(request.url))
    if (fault !== null) {
      throw new RevectorError('INVALID_INPUT', `The address holds ${fault}.`, { hint: 'Take it out.' })
    }
    // Who watches over the service must not be turned away because it is busy.
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
