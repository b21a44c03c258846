import { errorCatalogue } from '../core/errors.ts'
import { knownModel } from '../embedding/catalogue.ts'
import type { Revector } from '../library/revector.ts'
import type { Log } from '../logs/log.ts'
import { atEnd } from './ended.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { App } from './route.ts'
import { traceRequests } from './traces.ts'
import { watched } from './watched.ts'

/** Metrics, traces and a log line for every request. Use the returned library instead of the given one. */
export function observe(
  app: App,
  { revector, log }: { readonly revector: Revector; readonly log: Log },
): { readonly revector: Revector; readonly metrics: Metrics } {
  const metrics = createMetrics()
  const end = revector.observe({
    onProgress: (event) => metrics.event(event),
    onLanguageModelCall: metrics.languageModelCall,
    onProviderCall: (call) => metrics.providerCall(call, priceOf(call.model)),
  })
  app.addHook('onClose', async () => end())
  traceRequests(app)
  app.addHook('onRequest', async (request, reply) => {
    atEnd(request, (left) => {
      const { method, id, caller, routeOptions } = request
      // An unknown address is not a label: there is no end of them.
      const route = routeOptions.url ?? ''
      const status = left ? errorCatalogue.INTERRUPTED.status : reply.statusCode
      const seconds = reply.elapsedTime / 1_000
      metrics.request({ route, method, status, seconds })
      const ms = Math.round(reply.elapsedTime)
      const fields = { request: id, method, route, status, ms, caller: caller?.name ?? '' }
      // Probes come every few seconds and are not worth a line.
      if (routeOptions.config.scope == null && status < 400) log.debug('Request answered.', fields)
      else log.info(left ? 'Request left.' : 'Request answered.', fields)
    })
  })
  return { revector: watched(revector, metrics), metrics }
}

/** The catalogue's price, by the model's name here; null if it has none. */
function priceOf(modelName: string): number | null {
  return knownModel(modelName)?.pricePerMillionTokens ?? null
}
