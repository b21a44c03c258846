import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { isRevectorError } from '../core/errors.ts'
import { atEnd } from './ended.ts'
import type { App } from './route.ts'

/** Without an SDK in the process, every call here does nothing. */
const tracer = trace.getTracer('revector')

/** One span per request, below the caller's if it sends one; work for the request is below it. */
export function traceRequests(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions, id } = request
    const route = routeOptions.url
    const above = propagation.extract(ROOT_CONTEXT, request.headers)
    const attributes: Attributes = {
      'http.request.method': method,
      'url.path': request.url.split('?')[0] ?? '',
      'revector.request_id': id,
      'http.route': route,
    }
    const name = route === undefined ? method : `${method} ${route}`
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, above)
    atEnd(request, (left) => {
      if (!left) span.setAttribute('http.response.status_code', reply.statusCode)
      if (!left && reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    })
    context.with(trace.setSpan(above, span), done)
  })
}

/** Runs something in a span of its own. A failure is recorded by code, never with text of the request. */
export function traced<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      const message = isRevectorError(error) ? error.code : 'INTERNAL'
      span.setAttribute('error.type', message)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
      throw error
    } finally {
      span.end()
    }
  })
}
