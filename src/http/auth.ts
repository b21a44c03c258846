import type { FastifyRequest } from 'fastify'
import type { ServeOptions } from '../config/serve-options.ts'
import { allows, type Scope } from '../core/access.ts'
import { RevectorError } from '../core/errors.ts'
import type { Revector } from '../library/revector.ts'
import { createLimits } from './limits.ts'
import { isLoopback, nameOfHost } from './loopback.ts'
import type { App, Caller } from './route.ts'

export interface AuthDeps {
  readonly revector: Pick<Revector, 'keys'>
  readonly options: ServeOptions
}

/**
 * Asks every request for a key, and the key for the scope of its route. While no key was ever made, a service on loopback
 * lets this machine in without one.
 */
export async function authenticate(app: App, { revector: { keys }, options }: AuthDeps): Promise<void> {
  const limits = await createLimits(app, options)
  const closed = !isLoopback(options.host)

  app.addHook('onRequest', async (request) => {
    const needed = request.routeOptions.config.scope
    // Nothing is found out about addresses that do not exist, and those that anybody may ask need no caller.
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
  })
}

/** Who asks from this machine while no key was made. */
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
    absent ? 'A key is needed here.' : 'The key is not a valid one.',
    {
      hint: 'Send `Authorization: Bearer KEY`. Keys are made with `revector keys create`.',
    },
  )
}

function forbidden(held: Scope, needed: Scope): RevectorError {
  return new RevectorError('FORBIDDEN', `The key allows to ${held}: expected ${needed}.`, {
    hint: `Use a key of scope ${needed}.`,
    data: { scope: held, needed },
  })
}

/**
 * Without keys whoever can send a request from this machine may do anything, and so could any page in its browser: by a
 * form, a picture's address, or a name of its own that leads here. All show in these headers, which pages can't set.
 */
function refuseForeignPage({ headers }: FastifyRequest, allowed: readonly string[]): void {
  const { host, origin, 'sec-fetch-site': from = 'none' } = headers
  const name = nameOfHost(host)
  if (name === null || !isLoopback(name)) {
    throw new RevectorError('FORBIDDEN', 'Without a key only requests to localhost are answered.', {
      hint: 'Make a key with `revector keys create`, or ask http://localhost.',
    })
  }
  // Where there is no origin, as for a picture, a browser still says whether the page is ours.
  if (origin === undefined && (from === 'none' || from === 'same-origin')) return
  if (origin !== undefined && allowed.includes(origin)) return
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === host) return
  throw new RevectorError('FORBIDDEN', 'Pages of other sites may not use a service without keys.', {
    hint: 'Make a key with `revector keys create`, and name the site in `serve.corsOrigins`.',
  })
}

/**
 * Before anything listens.
 *
 * @throws RevectorError KEY_REQUIRED for an address that others can reach while no key is in force
 */
export async function refuseOpenToNetwork({
  revector: { keys },
  options: { host },
}: AuthDeps): Promise<void> {
  if (isLoopback(host) || (await keys.any())) return
  throw new RevectorError(
    'KEY_REQUIRED',
    `${host} can be reached from outside this machine, and no key is in force.`,
    {
      hint: 'Make one first: `revector keys create NAME --scope admin`. Or listen on 127.0.0.1.',
      data: { host },
    },
  )
}
