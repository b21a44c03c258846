import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type * as z from 'zod'
import { RevectorError } from '../core/errors.ts'
import { abortable } from '../hosted/clock.ts'
import type { mcp } from '../http/contract/agents.ts'
import type { McpDeps } from './deps.ts'
import { createMcpServer } from './server.ts'

interface Asked {
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: z.output<typeof mcp.body>
  readonly signal: AbortSignal
}

type Message = z.output<(typeof mcp.responses)[200]>

/** As the protocol's library writes it. */
interface Refusal {
  readonly error: { readonly message: string }
}

/**
 * One message of a client over HTTP, answered by a server that lives only for it. Null: a message that needs no
 * reply.
 *
 * @throws RevectorError REQUEST_MALFORMED if it is not a message of the protocol
 */
export async function exchange(deps: McpDeps, { headers, body, signal }: Asked): Promise<Message | null> {
  const server = createMcpServer(deps)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  try {
    await server.connect(transport)
    const request = new Request('http://revector/mcp', { method: 'POST', headers: headersOf(headers) })
    // If the client disconnects, the server ends, and with it the work of the tool.
    const answer = await abortable(transport.handleRequest(request, { parsedBody: body }), signal)
    if (!answer.ok) throw refused((await answer.json()) as Refusal)
    return answer.status === 202 ? null : ((await answer.json()) as Message)
  } finally {
    await server.close()
  }
}

function headersOf(headers: Asked['headers']): Headers {
  const given = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') given.set(name, value)
  }
  // The reply is always JSON, so a client must not be refused for accepting something else.
  given.set('accept', 'application/json, text/event-stream')
  given.set('content-type', 'application/json')
  return given
}

function refused({ error }: Refusal): RevectorError {
  return new RevectorError(
    'REQUEST_MALFORMED',
    `The message is not a valid MCP message: ${error.message.replace(/\.?$/, '.')}`,
    { hint: 'See https://modelcontextprotocol.io for the messages of the protocol.' },
  )
}
