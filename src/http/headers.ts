import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { ServeOptions } from '../config/serve-options.ts'
import type { App } from './route.ts'

const self = ["'self'"]

/** The browser policy: no scripts but our own files, no frames, nothing from elsewhere. */
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
  if (corsOrigins.length > 0) await allowOrigins(app, new Set(corsOrigins))
}

/** Pages of these sites may call the service, with a key. For all others there is no CORS. */
async function allowOrigins(app: App, origins: ReadonlySet<string>): Promise<void> {
  await app.register(cors, {
    origin: async (origin: string | undefined) => origin !== undefined && origins.has(origin),
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'x-request-id'],
    exposedHeaders: ['x-request-id', 'retry-after', 'idempotency-replayed'],
    maxAge: 600,
    // The package's own rejection would be plain text.
    strictPreflight: false,
  })
}
