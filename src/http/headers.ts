import helmet from '@fastify/helmet'
import type { ServeOptions } from '../config/serve-options.ts'
import type { App } from './route.ts'

const self = ["'self'"]

/** What browsers are told: no script but our own files, no frame around us, nothing from elsewhere. */
export async function secureHeaders(app: App, { corsOrigins }: ServeOptions): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: self,
        styleSrc: self,
        imgSrc: [...self, 'data:'],
        fontSrc: self,
        connectSrc: self,
        workerSrc: self,
        manifestSrc: self,
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // TLS ends at a proxy, which is where this promise can be made.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
  if (corsOrigins.length > 0) allowOrigins(app, new Set(corsOrigins))
}

/** Pages of these sites may call the service, with a key. */
function allowOrigins(app: App, origins: ReadonlySet<string>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'Origin')
    const { origin } = request.headers
    if (origin === undefined || !origins.has(origin)) return
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-request-id, retry-after, idempotency-replayed',
      'cross-origin-resource-policy': 'cross-origin',
    })
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return
    return reply
      .headers({
        'access-control-allow-methods': 'GET, POST, PUT, DELETE',
        'access-control-allow-headers':
          'authorization, content-type, idempotency-key, last-event-id, x-request-id',
        'access-control-max-age': '600',
      })
      .code(204)
      .send()
  })
}
