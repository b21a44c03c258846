import type { Operation } from '../../../src/http/contract/operation.ts'
import { type Answer, call, held, optionsOf, pathOf } from '../support/calls.ts'
import { least } from '../support/least.ts'
import { openApp } from '../support/service.ts'
import type { World } from './world.ts'

/** What any request can meet, whatever it asks for, by status: brought about for each operation alike. */
export const everyRequest: Readonly<Record<number, (world: World, operation: Operation) => Promise<Answer>>> =
  {
    400: ({ app }, operation) =>
      operation.params === undefined
        ? raw(app, operation, { payload: '{"query": ', headers: { 'content-type': 'application/json' } })
        : raw(app, operation, { url: operation.path.replace(/\{\w+\}/, '%zz').replace(/\{\w+\}/g, '1') }),
    401: ({ app }, { id }) => withHeaders(app, id, { authorization: 'Basic bWU6bWU=' }),
    403: ({ app }, { id }) => withHeaders(app, id, { origin: 'https://elsewhere.example' }),
    413: ({ tight }, operation) =>
      raw(tight, operation, {
        payload: JSON.stringify('x'.repeat(3_000)),
        headers: { 'content-type': 'application/json' },
      }),
    415: ({ app }, operation) =>
      raw(app, operation, { payload: '<query/>', headers: { 'content-type': 'application/xml' } }),
    422: ({ app }, operation) =>
      raw(app, operation, { url: `${pathOf(operation, least[operation.id]?.params)}?x=%00` }),
    // Sixty wrong keys may come in a minute.
    429: async ({ app }, { id }) => {
      for (;;) {
        const answer = await withHeaders(app, id, { authorization: 'Bearer guessed' })
        if (answer.status !== 401) return answer
      }
    },
    500: async ({ broken, revector }, { id }) => {
      // These say what they can, whatever fails: but who asks must be known.
      if (id !== 'metrics' && id !== 'mcp') return call(broken, id, { ...least[id] })
      const required = async () => {
        throw new TypeError('cannot read properties of undefined')
      }
      const app = await openApp({ ...revector, keys: { ...revector.keys, required } })
      const answer = await call(app, id, { ...least[id] })
      await app.close()
      return answer
    },
    // Memory is looked at twice a second.
    503: async ({ full }, { id }) => {
      for (;;) {
        const answer = await call(full, id, { ...least[id] })
        if (answer.status === 503) return answer
      }
    },
  }

function withHeaders(app: World['app'], id: string, headers: Record<string, string>): Promise<Answer> {
  return call(app, id, { ...least[id], headers })
}

async function raw(
  app: World['app'],
  operation: Operation,
  changes: { readonly url?: string; readonly payload?: string; readonly headers?: Record<string, string> },
): Promise<Answer> {
  return held(
    operation,
    await app.inject({ ...optionsOf(operation, { ...least[operation.id] }), ...changes }),
  )
}
