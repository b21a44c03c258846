import { setTimeout as wait } from 'node:timers/promises'
import { RevectorError } from '../../core/errors.ts'
import * as contract from '../contract/service.ts'
import type { HttpDeps } from '../deps.ts'
import { createGauges } from '../gauges.ts'
import { type App, routeOf } from '../route.ts'

type HealthDeps = Pick<HttpDeps, 'revector' | 'metrics' | 'options'>

/** For monitoring: an orchestrator, a load balancer, Prometheus. */
export async function healthRoutes(app: App, deps: HealthDeps): Promise<void> {
  const { revector, options } = deps
  const { registry } = deps.metrics
  app.route({ ...routeOf(contract.healthz), handler: async () => ({ status: 'ok' as const }) })

  app.route({
    ...routeOf(contract.readyz),
    handler: async () => {
      if (app.stopping.aborted) {
        throw new RevectorError('STOPPING', 'The service is stopping.', { hint: 'Use another instance.' })
      }
      const health = await within(options.readyTimeoutMs, revector.db.health())
      refuseOtherRevision(health)
      return { status: 'ready' as const, readOnly: health.readOnly }
    },
  })

  const update = createGauges(app, { revector, registry })
  app.route({
    ...routeOf(contract.metrics),
    handler: async (_request, reply) => {
      await update()
      reply.type(registry.contentType)
      return registry.metrics()
    },
  })
}

/** The library waits for a server that comes back; a probe must not. */
async function within<T>(ms: number, health: Promise<T>): Promise<T> {
  const patience = new AbortController()
  try {
    const late = tooLong(ms, patience.signal)
    late.catch(() => {})
    return await Promise.race([health, late])
  } finally {
    patience.abort()
    health.catch(() => {})
  }
}

async function tooLong(ms: number, signal: AbortSignal): Promise<never> {
  await wait(ms, undefined, { signal })
  throw new RevectorError('DATABASE_UNREACHABLE', `The database did not respond within ${ms} ms.`, {
    hint: 'Check the database; the service continues when it is back.',
  })
}

function refuseOtherRevision({
  revision,
  latestRevision,
}: {
  readonly revision: number
  readonly latestRevision: number
}): void {
  if (revision === latestRevision) return
  const data = { revision, latestRevision }
  if (revision > latestRevision) {
    throw new RevectorError('SCHEMA_NEWER', 'The database is newer than this service.', {
      hint: 'Update the service.',
      data,
    })
  }
  throw new RevectorError(
    revision === 0 ? 'SCHEMA_MISSING' : 'SCHEMA_BEHIND',
    `The database is at revision ${revision}, this service needs revision ${latestRevision}.`,
    { hint: 'Run `revector db run`.', data },
  )
}
