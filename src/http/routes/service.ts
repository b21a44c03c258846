import type { Revector } from '../../library/revector.ts'
import * as contract from '../contract/service.ts'
import { signalOf } from '../disconnect.ts'
import { type App, routeOf } from '../route.ts'

interface Deps {
  readonly revector: Revector
  readonly version: string
  readonly languageModel: string | null
  readonly workerRunning: () => boolean
}

export async function serviceRoutes(app: App, deps: Deps): Promise<void> {
  const { revector, version, languageModel, workerRunning } = deps

  app.route({
    ...routeOf(contract.getStatus),
    handler: async () => ({
      ...(await revector.db.status()),
      version,
      languageModel,
      worker: { running: workerRunning() },
    }),
  })

  app.route({
    ...routeOf(contract.doctor),
    handler: ({ query }, reply) => revector.doctor({ probe: query.probe, signal: signalOf(reply) }),
  })
}
