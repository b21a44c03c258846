import type * as query from '../../../src/http/contract/query.ts'
import type * as search from '../../../src/http/contract/search.ts'
import { call } from '../support/calls.ts'
import type { ProvocationsOf } from './provocation.ts'
import { failing, hosted, isDown, refuses } from './world.ts'

const empty = 'universal-sentence-encoder-lite'
const extractive = { query: 'tea', mode: 'extractive' }

export const provocations: ProvocationsOf<typeof search & typeof query> = {
  search: {
    200: ({ app }) => call(app, 'search', { body: { query: 'tea' } }),
    404: ({ app }) => call(app, 'search', { body: { query: 'tea', model: 'nobody' } }),
    409: ({ app }) => call(app, 'search', { body: { query: 'tea', model: empty } }),
    502: (world) => failing(world, refuses, 'search', { body: { query: 'tea', model: hosted } }),
    503: (world) => failing(world, isDown, 'search', { body: { query: 'tea', model: hosted } }),
  },
  query: {
    200: ({ app }) => call(app, 'query', { body: extractive }),
    404: ({ app }) => call(app, 'query', { body: { ...extractive, model: 'nobody' } }),
    409: ({ app }) => call(app, 'query', { body: { ...extractive, model: empty } }),
    500: ({ app }) => call(app, 'query', { body: { query: 'tea', mode: 'generated' } }),
    502: (world) => failing(world, refuses, 'query', { body: { ...extractive, model: hosted } }),
    503: (world) => failing(world, isDown, 'query', { body: { ...extractive, model: hosted } }),
  },
}
