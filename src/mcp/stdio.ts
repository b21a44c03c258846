import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import type { McpDeps } from './deps.ts'
import { createMcpServer } from './server.ts'

/** Serves one client on standard input and output, until it closes its side or the signal aborts. */
export async function serveStdio(deps: McpDeps, signal: AbortSignal): Promise<void> {
  const server = createMcpServer(deps)
  const ended = new Promise<void>((resolve) => {
    server.server.onclose = () => resolve()
    // The transport does not notice the end of its input.
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
  await server.connect(new StdioServerTransport())
  await ended
  await server.close()
}
