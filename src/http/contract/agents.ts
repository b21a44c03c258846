import * as z from 'zod'
import { operation } from './operation.ts'

const fields = z.record(z.string(), z.unknown())

/** A JSON-RPC 2.0 message, which the protocol's library validates further. */
const message = z
  .strictObject({
    jsonrpc: z.literal('2.0'),
    id: z.union([z.string(), z.int()]).optional().describe('If absent, there is no reply.'),
    method: z.string().optional().describe('`initialize`, `tools/list`, `tools/call`, …'),
    params: fields.optional(),
    result: fields.optional(),
    error: fields.optional(),
  })
  .meta({ id: 'McpMessage' })

export const mcp = operation('mcp', 'POST /mcp', {
  tag: 'agents',
  summary: 'Tools for agents',
  description:
    'The Model Context Protocol over streamable HTTP: one message, one JSON reply, nothing kept in between. Several ' +
    'messages in one request are refused. An error of a tool is a result. Adding documents needs a key of ' +
    'scope `write`.',
  scope: 'read',
  body: message,
  responses: { 200: z.looseObject({ jsonrpc: z.literal('2.0') }), 202: z.undefined() },
  example: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
})
