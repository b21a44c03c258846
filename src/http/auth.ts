import type { FastifyRequest } from 'fastify'
import { allows, type Scope } from '../core/access.ts'
import { RevectorError } from '../core/errors.ts'
import type { HttpDeps } from './deps.ts'
import { createLimits } from './limits.ts'
import { isLoopback, nameOfHost } from './loopback.ts'
import { refuseOtherThanReading, roleOf } from './roles.ts'
import type { App, Caller } from './route.ts'

/**
 * Requires a key with the scope of the route. While no key has been made, a service on loopback accepts
 * requests from this machine without one.
 */
export async function authenticate(
  app: App,
  { revector: { keys }, options }: Pick<HttpDeps, 'revector' | 'options'>,
): Promise<void> {
  const limits = await createLimits(app, options)
  const closed = !isLoopback(options.host)

  app.addHook('onRequest', async (request) => {
    const needed = request.routeOptions.config.scope
    // Unknown addresses reveal nothing, and public ones need no caller.
    if (needed == null) return
    const secret = bearerOf(request)
    if (secret === null && !closed && !(await keys.required())) {
      refuseForeignPage(request, options.corsOrigins)
      request.caller = machine
      return
    }
    const key = secret === null ? null : await keys.verify(secret)
    if (key === null) {
      await limits.countWrongKey(request)
      throw unauthenticated(secret === null)
    }
    request.caller = {
      keyId: key.id,
      name: `key:${key.id}`,
      scope: key.scope,
      requestsPerMinute: key.requestsPerMinute,
    }
    await limits.countRequest(request)
    if (!allows(key.scope, needed)) throw forbidden(key.scope, needed)
    const as = roleOf(request, key.name, options.roles)
    if (as === undefined) return
    refuseOtherThanReading(request, as)
    request.caller = { ...request.caller, as }
  })
}

/** The caller on this machine while no key has been made. */
const machine: Caller = { keyId: null, name: 'http', scope: 'admin', requestsPerMinute: null }

/** @throws RevectorError UNAUTHENTICATED for another scheme */
function bearerOf({ headers }: FastifyRequest): string | null {
  const { authorization } = headers
  if (authorization === undefined) return null
  const [, secret] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  if (secret === undefined) throw unauthenticated(false)
  return secret
}

function unauthenticated(absent: boolean): RevectorError {
  return new RevectorError(
    'UNAUTHENTICATED',
    absent ? 'An API key is required.' : 'The API key is not valid.',
    { hint: 'Send `Authorization: Bearer KEY`. Create a key with `revector keys create`.' },
  )
}

const article: Readonly<Record<Scope, string>> = { read: 'a', write: 'a', admin: 'an' }

function forbidden(held: Scope, needed: Scope): RevectorError {
  const limit = held === 'read' ? 'is read-only' : 'is not an admin key'
  return new RevectorError('FORBIDDEN', `This key ${limit}. This needs ${article[needed]} ${needed} key.`, {
    hint: `Use a key of scope ${needed}.`,
    data: { scope: held, needed },
  })
}

/**
 * Without keys, every client on this machine may do anything, and so could any page in a browser there: by a
 * form, an image address, or a host name that resolves to this machine. All of these show in the following
 * headers, which pages can't set.
 */
function refuseForeignPage({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { host, origin, 'sec-fetch-site': from = 'none' } = headers
  const name = nameOfHost(host)
  if (name === null || !isLoopback(name)) {
    throw new RevectorError('FORBIDDEN', 'Without an API key, only requests to localhost are accepted.', {
      hint: 'Create a key with `revector keys create`, or use http://localhost.',
    })
  }
  // Without an Origin header, as for an image, a browser still says whether the page is ours.
  if (origin === undefined && (from === 'none' || from === 'same-origin')) return
  if (origin !== undefined && allowed.includes(origin)) return
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === host) return
  throw new RevectorError('FORBIDDEN', 'Pages of other sites may not use a service without API keys.', {
    hint: 'Create a key with `revector keys create`, and add the site to `serve.corsOrigins`.',
  })
}

/**
 * Call before listening.
 *
 * @throws RevectorError KEY_REQUIRED for an address that others can reach while there is no valid key
 */
export async function refuseOpenToNetwork({
  revector: { keys },
  options: { host },
}: Pick<HttpDeps, 'revector' | 'options'>): Promise<void> {
  if (isLoopback(host) || (await keys.any())) return
  throw new RevectorError(
    'KEY_REQUIRED',
    `${host} can be reached from outside this machine, but there is no valid API key.`,
    {
      hint: 'Create a key first (`revector keys create NAME --scope admin`), or listen on 127.0.0.1.',
      data: { host },
    },
  )
}
