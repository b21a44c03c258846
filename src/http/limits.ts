import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import type { FastifyRequest } from 'fastify'
import type { ServeOptions } from '../config/serve-options.ts'
import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import type { App } from './route.ts'

/** How many invalid keys one address may send in a minute. */
const wrongKeysPerMinute = 60

export interface Limits {
  /** @throws RevectorError TOO_MANY_REQUESTS */
  countRequest(request: FastifyRequest): Promise<void>
  /** @throws RevectorError TOO_MANY_REQUESTS */
  countWrongKey(request: FastifyRequest): Promise<void>
}

/** Limits requests per key and minute, and invalid keys per address. Counted in this process. */
export async function createLimits(app: App, { requestsPerMinute }: ServeOptions): Promise<Limits> {
  await app.register(rateLimit, { global: false, timeWindow: 60_000 })
  const requests = app.createRateLimit({
    max: (request) => request.caller.requestsPerMinute ?? requestsPerMinute,
    keyGenerator: (request) => `key ${request.caller.keyId ?? ''}`,
  })
  const wrongKeys = app.createRateLimit({ max: wrongKeysPerMinute })
  return {
    countRequest: (request) => count(requests, request, 'request'),
    countWrongKey: (request) => count(wrongKeys, request, 'wrong key'),
  }
}

async function count(
  limiter: ReturnType<App['createRateLimit']>,
  request: FastifyRequest,
  what: string,
): Promise<void> {
  const limit = await limiter(request)
  if (limit.isAllowed || !limit.isExceeded) return
  throw new RevectorError('TOO_MANY_REQUESTS', `More than ${counted(limit.max, what)} within a minute.`, {
    hint: 'Wait as long as Retry-After says.',
    data: { limit: limit.max, retryAfterSeconds: limit.ttlInSeconds },
  })
}

/** Refuses requests while the process is too far behind to reply in time. Monitoring is exempt. */
export async function refuseUnderPressure(
  app: App,
  { maxEventLoopDelayMs, maxRssBytes }: ServeOptions,
): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxRssBytes,
    sampleInterval: 500,
    pressureHandler: async (request) => {
      if (request.routeOptions.config.scope == null) return
      throw new RevectorError('OVERLOADED', 'The service is overloaded.', {
        hint: 'Try again in a moment.',
        data: { retryAfterSeconds: 2 },
      })
    },
  })
}
