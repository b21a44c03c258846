import * as z from 'zod'
import { operation } from './operation.ts'

const fields = z.record(z.string(), z.unknown())

/** A message of JSON-RPC 2.0, which the protocol's library looks at further. */
const message = z
  .strictObject({
    jsonrpc: z.literal('2.0'),
    id: z.union([z.string(), z.int()]).optional().describe('Absent: nothing is answered.'),
    method: z.string().optional().describe('`initialize`, `tools/list`, `tools/call`, …'),
    params: fields.optional(),
    result: fields.optional(),
    error: fields.optional(),
  })
  .meta({ id: 'McpMessage' })

export const mcp = operation({
  id: 'mcp',
  method: 'POST',
  path: '/mcp',
  tag: 'agents',
  summary: 'Tools for agents',
  description:
    'The Model Context Protocol over streamable HTTP: one message, one answer as JSON, nothing kept in between. Several ' +
    'messages in one request are refused. What a tool refuses is a result that says so. Documents are written with a key of ' +
    'scope `write`.',
  scope: 'read',
  body: message,
  responses: { 200: z.looseObject({ jsonrpc: z.literal('2.0') }), 202: z.undefined() },
  errors: [],
  example: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
})
