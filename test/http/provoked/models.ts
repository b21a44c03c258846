import { RevectorError } from '../../../src/core/errors.ts'
import type * as contract from '../../../src/http/contract/models.ts'
import { call } from '../support/calls.ts'
import { openApp, small, wide } from '../support/service.ts'
import type { ProvocationsOf } from './provocation.ts'

const lexical = (model_name: string, dimension: number) => ({
  body: { model_name, dimension, provider: 'lexical-hash' },
})

export const provocations: ProvocationsOf<typeof contract> = {
  listModels: { 200: ({ app }) => call(app, 'listModels') },
  searchableModels: { 200: ({ app }) => call(app, 'searchableModels') },
  addModel: {
    201: ({ app }) => call(app, 'addModel', lexical('added', 16)),
    // Another client removes it in between, which the library notices.
    404: async ({ revector }) => {
      const vanished = new RevectorError('MODEL_UNKNOWN', 'added was removed just after it was added.')
      const models = { ...revector.models, add: async () => Promise.reject(vanished) }
      const app = await openApp({ ...revector, models })
      const answer = await call(app, 'addModel', lexical('added', 16))
      await app.close()
      return answer
    },
    409: ({ app }) => call(app, 'addModel', lexical(small, 65)),
  },
  useModel: {
    200: ({ app }) => call(app, 'useModel', { body: { model: small, force: true } }),
    404: ({ app }) => call(app, 'useModel', { body: { model: 'nobody' } }),
    409: ({ app }) => call(app, 'useModel', { body: { model: wide } }),
  },
  removeModel: {
    200: async ({ app }) => {
      await call(app, 'addModel', lexical('added', 16))
      return call(app, 'removeModel', { params: { model_name: 'added' } })
    },
    404: ({ app }) => call(app, 'removeModel', { params: { model_name: 'nobody' } }),
    409: ({ app }) => call(app, 'removeModel', { params: { model_name: small } }),
  },
  sampleVectors: {
    200: ({ app }) => call(app, 'sampleVectors', { params: { model_name: small } }),
    404: ({ app }) => call(app, 'sampleVectors', { params: { model_name: 'nobody' } }),
  },
}
