import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  trace,
} from '@opentelemetry/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp } from './open-app.ts'

interface Recorded {
  readonly name: string
  readonly above: string | null
  readonly attributes: Attributes
  status: number
  ended: boolean
}

const spans: Recorded[] = []

/** As much of an SDK as shows what a real one would be told. */
beforeAll(() => {
  const storage = new AsyncLocalStorage<Context>()
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (on, work, self, ...given) => storage.run(on, () => work.apply(self, given)),
    bind: (_on, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
  const startSpan = (name: string, { attributes = {} }: SpanOptions = {}, on = context.active()): Span => {
    const above = trace.getSpanContext(on)?.spanId ?? null
    const recorded: Recorded = { name, above, attributes: { ...attributes }, status: 0, ended: false }
    const id = String(spans.push(recorded))
    const span: Span = {
      spanContext: () => ({ traceId: 't', spanId: id, traceFlags: 1 }),
      setAttribute: (key, value) => {
        recorded.attributes[key] = value
        return span
      },
      setAttributes: (more) => {
        Object.assign(recorded.attributes, more)
        return span
      },
      setStatus: ({ code }) => {
        recorded.status = code
        return span
      },
      end: () => {
        recorded.ended = true
      },
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      updateName: () => span,
      isRecording: () => true,
      recordException: () => {},
    }
    return span
  }
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan,
      startActiveSpan: ((name: string, options: SpanOptions, work: (span: Span) => unknown) => {
        const span = startSpan(name, options)
        return context.with(trace.setSpan(context.active(), span), () => work(span))
      }) as never,
    }),
  })
  propagation.setGlobalPropagator({
    fields: () => ['traceparent'],
    inject: () => {},
    extract: (on, carrier) => {
      const { traceparent } = carrier as { traceparent?: string }
      return traceparent === undefined
        ? on
        : trace.setSpanContext(on, { traceId: 't', spanId: traceparent, traceFlags: 1, isRemote: true })
    },
  })
})
afterAll(() => {
  trace.disable()
  context.disable()
  propagation.disable()
})

it('a search is a span below its request, and that below the caller’s', async () => {
  const { app } = await openApp()
  await app.inject({
    method: 'POST',
    url: '/api/v1/search?',
    headers: { traceparent: 'caller', 'x-request-id': 'abc' },
    payload: { query: 'a private question' },
  })
  await app.inject({ method: 'POST', url: '/api/v1/search', payload: { query: 'x', model: 'none' } })
  const [request, search, failing, failed] = spans
  expect(request).toMatchObject({
    name: 'POST /api/v1/search',
    above: 'caller',
    attributes: {
      'http.route': '/api/v1/search',
      'http.response.status_code': 200,
      'revector.request_id': 'abc',
    },
  })
  expect(search).toMatchObject({
    name: 'revector.search',
    above: '1',
    attributes: { 'revector.hits': 0 },
    status: 0,
  })
  expect(failing).toMatchObject({ above: null, attributes: { 'http.response.status_code': 404 }, status: 0 })
  expect(failed).toMatchObject({ above: '3', attributes: { 'error.type': 'MODEL_UNKNOWN' }, status: 2 })
  expect(spans.every(({ ended }) => ended)).toBe(true)
  expect(JSON.stringify(spans)).not.toContain('private')
})
