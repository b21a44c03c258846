import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../../bin/revector.js', import.meta.url))

/** An agent at the real command line, over its standard input and output. */
export async function stdioClient(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const { PATH = '', HOME = '' } = process.env
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp', ...args],
    env: { PATH, HOME, ...env },
    stderr: 'ignore',
  })
  return connected(transport)
}

/** An agent at a service that listens. */
export async function httpClient(url: string, key?: string): Promise<Client> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  return connected(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }))
}

async function connected(transport: StdioClientTransport | StreamableHTTPClientTransport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  // The transport's own types allow undefined where the protocol's do not.
  await client.connect(transport as Parameters<Client['connect']>[0])
  onTestFinished(() => client.close())
  // From here on results are held against the tools' output schemas.
  await client.listTools()
  return client
}

export interface Called {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of many shapes
  readonly typed: any
  readonly text: string
  readonly failed: boolean
}

export async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Called> {
  const result = await client.callTool({ name, arguments: args })
  const [first] = result.content as readonly { readonly text?: string }[]
  return { typed: result.structuredContent, text: first?.text ?? '', failed: result.isError === true }
}
