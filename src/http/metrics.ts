import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ProgressEvent } from '../core/progress.ts'
import type { ProviderCall } from '../core/provider-call.ts'

/** Seconds: a search takes milliseconds, an answer of a language model many seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export interface RequestFacts {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

/** What happens, as it happens. What there is, is looked up when it is asked for: gauges.ts. */
export interface Metrics {
  readonly registry: Registry
  request(facts: RequestFacts): void
  search(facts: {
    readonly models: readonly string[]
    readonly failed: string | null
    readonly seconds: number
  }): void
  answer(facts: {
    readonly mode: string
    readonly seconds: number
    readonly inputTokens: number
    readonly outputTokens: number
  }): void
  providerCall(call: ProviderCall, usdPerMillionTokens: number | null): void
  event(event: ProgressEvent): void
}

/** Names and units as Prometheus wants them. Labels are few: routes, models, codes; never a text of a request. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'revector_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'revector_http_request_seconds',
    help: 'Time from a request to its whole answer.',
    labelNames: ['method', 'route'],
    buckets,
    registers,
  })
  const searches = new Counter({
    name: 'revector_searches_total',
    help: 'Searches by model; code is empty where they went well.',
    labelNames: ['model', 'code'],
    registers,
  })
  const searchSeconds = new Histogram({
    name: 'revector_search_seconds',
    help: 'Time of a search with its embedding, by model. One over several models counts for each.',
    labelNames: ['model'],
    buckets,
    registers,
  })
  const answers = new Counter({
    name: 'revector_answers_total',
    help: 'Answers by the way they were made.',
    labelNames: ['mode'],
    registers,
  })
  const answerSeconds = new Histogram({
    name: 'revector_answer_seconds',
    help: 'Time of an answer with its search.',
    labelNames: ['mode'],
    buckets,
    registers,
  })
  const answerTokens = new Counter({
    name: 'revector_answer_tokens_total',
    help: 'Tokens of the language model, as its provider counted them.',
    labelNames: ['direction'],
    registers,
  })
  const providerRequests = new Counter({
    name: 'revector_provider_requests_total',
    help: 'Requests to a provider of embeddings; failure is empty where they went well.',
    labelNames: ['model', 'kind', 'failure'],
    registers,
  })
  const providerSeconds = new Histogram({
    name: 'revector_provider_request_seconds',
    help: 'Time of one request to a provider of embeddings.',
    labelNames: ['model', 'kind'],
    buckets,
    registers,
  })
  const providerTokens = new Counter({
    name: 'revector_provider_tokens_total',
    help: 'Tokens embedded.',
    labelNames: ['model', 'kind'],
    registers,
  })
  const providerUsd = new Counter({
    name: 'revector_provider_usd_total',
    help: 'Tokens embedded, at the price of the catalogue. Nothing where no price is known.',
    labelNames: ['model'],
    registers,
  })
  const retries = new Counter({
    name: 'revector_provider_retries_total',
    help: 'Requests to a provider that were put off and tried again.',
    labelNames: ['model'],
    registers,
  })
  const warnings = new Counter({
    name: 'revector_warnings_total',
    help: 'Warnings: lost connections to the database, and whatever else the log says.',
    registers,
  })
  const switches = new Counter({
    name: 'revector_model_switches_total',
    help: 'Times that another model became current in this process.',
    registers,
  })

  return {
    registry,
    request({ route, method, status, seconds }) {
      requests.inc({ method, route, status: String(status) })
      requestSeconds.observe({ method, route }, seconds)
    },
    search({ models, failed, seconds }) {
      for (const model of models) {
        searches.inc({ model, code: failed ?? '' })
        if (failed === null) searchSeconds.observe({ model }, seconds)
      }
    },
    answer({ mode, seconds, inputTokens, outputTokens }) {
      answers.inc({ mode })
      answerSeconds.observe({ mode }, seconds)
      answerTokens.inc({ direction: 'in' }, inputTokens)
      answerTokens.inc({ direction: 'out' }, outputTokens)
    },
    providerCall({ model, kind, tokens, seconds, failure }, price) {
      providerRequests.inc({ model, kind, failure: failure ?? '' })
      if (failure !== null) return
      providerSeconds.observe({ model, kind }, seconds)
      providerTokens.inc({ model, kind }, tokens)
      if (price !== null) providerUsd.inc({ model }, (tokens * price) / 1_000_000)
    },
    event(event) {
      if (event.type === 'provider.retry') retries.inc({ model: event.model })
      else if (event.type === 'warning') warnings.inc()
      else if (event.type === 'model.switched') switches.inc()
    },
  }
}

/** A gauge whose values are set when the page is asked for. */
export function gauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Gauge<Label> {
  return new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] })
}
