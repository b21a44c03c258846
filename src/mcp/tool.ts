import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type {
  CallToolResult,
  ServerNotification,
  ServerRequest,
  ToolAnnotations,
} from '@modelcontextprotocol/sdk/types.js'
import * as z from 'zod'
import { isRevectorError } from '../core/errors.ts'
import { decode, encode, type Of, wireSchema } from '../wire/codec.ts'
import type { McpDeps } from './deps.ts'

interface Tool<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: Input
  readonly output: Output
  readonly annotations: ToolAnnotations
  readonly run: (
    input: z.output<Input>,
    call: RequestHandlerExtra<ServerRequest, ServerNotification>,
  ) => Promise<Of<Output>>
}

/**
 * Schemas describe the TypeScript values; an agent sees their JSON. An error is a result that says what to do.
 */
export function addTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  server: McpServer,
  { onFault }: Pick<McpDeps, 'onFault'>,
  { name, title, description, input, output, annotations, run }: Tool<Input, Output>,
): void {
  // Without its name: the root of a tool's schema may not be a reference.
  const outputSchema = wireSchema(z.strictObject(output.shape))
  server.registerTool(
    name,
    { title, description, inputSchema: wireSchema(input), outputSchema, annotations },
    async (given: unknown, call): Promise<CallToolResult> => {
      try {
        const json = encode(output, await run(decode(input, given), call)) as Record<string, unknown>
        // Also as text, for clients that do not support structured content.
        return { content: [{ type: 'text', text: JSON.stringify(json) }], structuredContent: json }
      } catch (error) {
        return { content: [{ type: 'text', text: failureText(error, onFault) }], isError: true }
      }
    },
  )
}

function failureText(error: unknown, onFault: (error: unknown) => void): string {
  if (isRevectorError(error)) return [`${error.code}: ${error.message}`, error.hint].filter(Boolean).join(' ')
  onFault(error)
  return 'INTERNAL: An internal error occurred.'
}
