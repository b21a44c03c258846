import type * as agents from '../../../src/http/contract/agents.ts'
import type * as contract from '../../../src/http/contract/service.ts'
import { call } from '../support/calls.ts'
import { least } from '../support/least.ts'
import type { ProvocationsOf } from './provocation.ts'

const told = { jsonrpc: '2.0', method: 'notifications/initialized' }

export const provocations: ProvocationsOf<typeof contract & typeof agents> = {
  getStatus: { 200: ({ app }) => call(app, 'getStatus') },
  doctor: { 200: ({ app }) => call(app, 'doctor') },
  healthz: { 200: ({ app }) => call(app, 'healthz') },
  readyz: {
    200: ({ app }) => call(app, 'readyz'),
    500: ({ broken }) => call(broken, 'readyz'),
    503: ({ stopping }) => call(stopping, 'readyz'),
  },
  metrics: { 200: ({ app }) => call(app, 'metrics') },
  mcp: {
    200: ({ app }) => call(app, 'mcp', least['mcp']),
    202: ({ app }) => call(app, 'mcp', { body: told }),
  },
}
