import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { McpParts } from './parts.ts'
import { createMcpServer } from './server.ts'

interface Asked {
  readonly headers: NodeJS.Dict<string | string[]>
  /** As it was parsed. */
  readonly body: unknown
  readonly signal: AbortSignal
}

/** One message of a client over HTTP, answered by a server that lives as long as that. */
export async function exchange(
  parts: McpParts,
  { headers, body, signal }: Asked,
): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  const server = createMcpServer(parts)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  signal.addEventListener('abort', () => void server.close(), { once: true })
  try {
    await server.connect(transport)
    const request = new Request('http://revector/mcp', { method: 'POST', headers: headersOf(headers) })
    const answer = await transport.handleRequest(request, { parsedBody: body })
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? 'application/json',
      text: await answer.text(),
    }
  } finally {
    await server.close()
  }
}

function headersOf(headers: Asked['headers']): Headers {
  const given = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') given.set(name, value)
  }
  return given
}
