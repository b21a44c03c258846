import type * as contract from '../../../src/http/contract/documents.ts'
import { call } from '../support/calls.ts'
import { file, form } from '../support/form.ts'
import { wide } from '../support/service.ts'
import type { ProvocationsOf } from './provocation.ts'
import { failing, hosted, isDown, refuses } from './world.ts'

const nothing = { params: { id: '4711' } }
const text = { title: 'Note', content: 'A note about tea.' }

export const provocations: ProvocationsOf<typeof contract> = {
  listDocuments: { 200: ({ app }) => call(app, 'listDocuments') },
  addDocuments: {
    200: ({ app }) => call(app, 'addDocuments', form([file('note.txt', 'A note.')])),
    201: ({ app }) => call(app, 'addDocuments', { body: text }),
    404: ({ app }) => call(app, 'addDocuments', { body: { ...text, model: 'nobody' } }),
    409: async ({ app }) => {
      const headers = { 'idempotency-key': 'one' }
      await call(app, 'addDocuments', { body: text, headers })
      return call(app, 'addDocuments', { body: { ...text, title: 'Another' }, headers })
    },
    413: ({ tight }) => call(tight, 'addDocuments', form([file('1.txt', 'One.'), file('2.txt', 'Two.')])),
    415: ({ app }) => call(app, 'addDocuments', form([file('x.bin', Buffer.from([0, 1, 2, 3, 255]))])),
    422: ({ app }) => call(app, 'addDocuments', form([file('blank.txt', ' ')])),
    502: (world) => failing(world, refuses, 'addDocuments', { body: { ...text, model: hosted } }),
    503: (world) => failing(world, isDown, 'addDocuments', { body: { ...text, model: hosted } }),
  },
  getDocument: {
    200: ({ app, documentId: id }) => call(app, 'getDocument', { params: { id } }),
    404: ({ app }) => call(app, 'getDocument', nothing),
  },
  removeDocument: {
    204: async ({ app }) => {
      const { json } = await call(app, 'addDocuments', { body: text })
      return call(app, 'removeDocument', { params: { id: json.id } })
    },
    404: ({ app }) => call(app, 'removeDocument', nothing),
  },
  documentEmbeddings: {
    200: ({ app, documentId: id }) => call(app, 'documentEmbeddings', { params: { id } }),
    404: ({ app }) => call(app, 'documentEmbeddings', nothing),
  },
  embedDocument: {
    200: ({ app, documentId: id }) => call(app, 'embedDocument', { params: { id }, query: { model: wide } }),
    404: ({ app }) => call(app, 'embedDocument', { ...nothing, query: { model: wide } }),
    409: ({ app, documentId: id }) =>
      call(app, 'embedDocument', { params: { id }, query: { model: 'retired' } }),
    502: (world) => {
      const params = { id: world.documentId }
      return failing(world, refuses, 'embedDocument', { params, query: { model: hosted } })
    },
    503: (world) => {
      const params = { id: world.documentId }
      return failing(world, isDown, 'embedDocument', { params, query: { model: hosted } })
    },
  },
}
