import { allows } from '../core/access.ts'
import { signalOf } from '../http/disconnect.ts'
import type { App } from '../http/route.ts'
import type { McpParts } from './parts.ts'

/**
 * MCP over streamable HTTP at `/mcp`: one request, one answer, nothing kept in between, so that any process of a service can
 * answer. What a key may do holds here too: documents are written with one that may write.
 */
export async function mcpRoutes(
  app: App,
  parts: Pick<McpParts, 'revector' | 'version' | 'onFault'>,
): Promise<void> {
  app.route({
    method: 'POST',
    url: '/mcp',
    config: { scope: 'read' },
    handler: async (request, reply) => {
      // The protocol's library takes a fifth of a second to load: only for those who speak it.
      const { exchange } = await import('./exchange.ts')
      const { caller, id } = request
      const writes = allows(caller.scope, 'write')
      const answer = await exchange(
        { ...parts, writes, actor: caller.name, requestId: id },
        { headers: request.headers, body: request.body, signal: signalOf(reply) },
      )
      reply.code(answer.status).type(answer.type)
      return reply.send(answer.text)
    },
  })
}
