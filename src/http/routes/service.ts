import * as contract from '../contract/service.ts'
import type { HttpDeps } from '../deps.ts'
import { signalOf } from '../disconnect.ts'
import { type App, routeOf } from '../route.ts'

type ServiceDeps = Pick<HttpDeps, 'revector' | 'version' | 'languageModel' | 'workerRunning'>

export async function serviceRoutes(app: App, deps: ServiceDeps): Promise<void> {
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
