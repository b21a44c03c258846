import { Registry } from 'prom-client'
import type { ProgressEvent } from '../core/progress.ts'
import type { LanguageModelCall, ProviderCall } from '../core/provider-call.ts'
import { figuresOf } from './figures.ts'

export interface RequestFacts {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

interface SearchFacts {
  readonly models: readonly string[]
  readonly failed: string | null
  readonly seconds: number
}

interface AnswerFacts {
  readonly mode: string
  readonly seconds: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export type Metrics = ReturnType<typeof createMetrics>

/**
 * Metrics of events. The present state is read when it is requested: gauges.ts. Names and units as Prometheus expects them. Labels have few values: routes, models, codes; never text of a
 * request.
 */
export function createMetrics() {
  const registry = new Registry()
  const { counter, seconds } = figuresOf(registry)
  const http = {
    requests: counter('http_requests_total', 'Requests answered.', 'method', 'route', 'status'),
    seconds: seconds('http_request_seconds', 'Time from a request to its whole answer.', 'method', 'route'),
  }
  const searches = {
    total: counter(
      'searches_total',
      'Searches by model; code is empty for successful ones.',
      'model',
      'code',
    ),
    seconds: seconds(
      'search_seconds',
      'Time of a search with its embedding, by model. One over several models counts for each.',
      'model',
    ),
  }
  const answers = {
    total: counter('answers_total', 'Answers by mode.', 'mode'),
    seconds: seconds('answer_seconds', 'Time of an answer with its search.', 'mode'),
    tokens: counter(
      'answer_tokens_total',
      'Tokens of the language model, as its provider counted them.',
      'direction',
    ),
  }
  const provider = {
    requests: counter(
      'provider_requests_total',
      'Requests to a provider of embeddings; failure is empty for successful ones.',
      'model',
      'kind',
      'failure',
    ),
    seconds: seconds(
      'provider_request_seconds',
      'Time of one request to a provider of embeddings.',
      'model',
      'kind',
    ),
    tokens: counter('provider_tokens_total', 'Tokens embedded.', 'model', 'kind'),
    usd: counter(
      'provider_usd_total',
      'Cost of embedded tokens, at the price in the catalogue. Nothing if no price is known.',
      'model',
    ),
    retries: counter('provider_retries_total', 'Requests to a provider that were retried.', 'model'),
  }
  const language = {
    requests: counter(
      'language_model_requests_total',
      'Requests to a language model; failure is empty for successful ones.',
      'model',
      'failure',
    ),
    seconds: seconds(
      'language_model_request_seconds',
      'Time of one request to a language model, to its last word.',
      'model',
    ),
    tokens: counter(
      'language_model_tokens_total',
      'Tokens of a language model, as its provider counted them.',
      'model',
      'direction',
    ),
  }
  const warnings = counter(
    'warnings_total',
    'Warnings: lost connections to the database, and whatever else the log says.',
  )
  const switches = counter('model_switches_total', 'Times that another model became current in this process.')

  return {
    registry,
    request({ route, method, status, seconds }: RequestFacts): void {
      http.requests.inc({ method, route, status: String(status) })
      http.seconds.observe({ method, route }, seconds)
    },
    search({ models, failed, seconds }: SearchFacts): void {
      for (const model of models) {
        searches.total.inc({ model, code: failed ?? '' })
        if (failed === null) searches.seconds.observe({ model }, seconds)
      }
    },
    answer({ mode, seconds, inputTokens, outputTokens }: AnswerFacts): void {
      answers.total.inc({ mode })
      answers.seconds.observe({ mode }, seconds)
      answers.tokens.inc({ direction: 'in' }, inputTokens)
      answers.tokens.inc({ direction: 'out' }, outputTokens)
    },
    providerCall(
      { model, kind, tokens, seconds, failure }: ProviderCall,
      usdPerMillionTokens: number | null,
    ): void {
      provider.requests.inc({ model, kind, failure: failure ?? '' })
      if (failure !== null) return
      provider.seconds.observe({ model, kind }, seconds)
      provider.tokens.inc({ model, kind }, tokens)
      if (usdPerMillionTokens !== null)
        provider.usd.inc({ model }, (tokens * usdPerMillionTokens) / 1_000_000)
    },
    languageModelCall({ model, inputTokens, outputTokens, seconds, failure }: LanguageModelCall): void {
      language.requests.inc({ model, failure: failure ?? '' })
      if (failure !== null) return
      language.seconds.observe({ model }, seconds)
      language.tokens.inc({ model, direction: 'in' }, inputTokens)
      language.tokens.inc({ model, direction: 'out' }, outputTokens)
    },
    event(event: ProgressEvent): void {
      if (event.type === 'provider.retry') provider.retries.inc({ model: event.model })
      else if (event.type === 'warning') warnings.inc()
      else if (event.type === 'model.switched') switches.inc()
    },
  }
}
