import { allows } from '../core/access.ts'
import { mcp } from '../http/contract/agents.ts'
import { signalOf } from '../http/disconnect.ts'
import { type App, routeOf } from '../http/route.ts'
import type { McpDeps } from './deps.ts'

/**
 * MCP over streamable HTTP at `/mcp`: one request, one reply, nothing kept in between, so that any process of a
 * service can reply. The scopes of keys apply here too: a key must allow writing to add documents.
 */
export async function mcpRoutes(
  app: App,
  deps: Pick<McpDeps, 'revector' | 'version' | 'onFault'>,
): Promise<void> {
  app.route({
    ...routeOf(mcp),
    handler: async (request, reply) => {
      // The protocol's library takes a fifth of a second to load, so it is loaded with the first MCP request.
      const { exchange } = await import('./exchange.ts')
      const { caller, id } = request
      const answer = await exchange(
        { ...deps, writes: allows(caller.scope, 'write'), actor: caller.name, requestId: id },
        { headers: request.headers, body: request.body, signal: signalOf(reply) },
      )
      if (answer === null) return reply.code(202).send()
      return answer
    },
  })
}
