import { setTimeout as wait } from 'node:timers/promises'
import { RevectorError } from '../../core/errors.ts'
import type { Revector } from '../../revector.ts'
import * as contract from '../contract/service.ts'
import { createGauges } from '../gauges.ts'
import type { Metrics } from '../metrics.ts'
import { type App, routeOf } from '../route.ts'

interface Parts {
  readonly revector: Revector
  readonly metrics: Metrics
}

/** For whoever watches over the service: an orchestrator, a balancer, Prometheus. */
export async function healthRoutes(app: App, { revector, metrics: { registry } }: Parts): Promise<void> {
  app.route({ ...routeOf(contract.healthz), handler: async () => ({ status: 'ok' as const }) })

  app.route({
    ...routeOf(contract.readyz),
    handler: async () => {
      if (app.stopping.aborted) {
        throw new RevectorError('STOPPING', 'The service is stopping.', { hint: 'Ask another one.' })
      }
      refuseOtherRevision(await inTime(revector.db.health()))
      return { status: 'ready' as const }
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

/** The library waits for a server that comes back; whoever probes does not. */
const patienceMs = 3_000

async function inTime<T>(health: Promise<T>): Promise<T> {
  const patience = new AbortController()
  try {
    const late = tooLong(patience.signal)
    late.catch(() => {})
    return await Promise.race([health, late])
  } finally {
    patience.abort()
    health.catch(() => {})
  }
}

async function tooLong(signal: AbortSignal): Promise<never> {
  await wait(patienceMs, undefined, { signal })
  throw new RevectorError(
    'DATABASE_UNREACHABLE',
    `The database did not answer within ${patienceMs / 1_000} s.`,
    {
      hint: 'Look at the database; the service goes on when it is back.',
    },
  )
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
    `The database is at revision ${revision}, this service needs ${latestRevision}.`,
    { hint: 'Run `revector db run`.', data },
  )
}
