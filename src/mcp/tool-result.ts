import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { isRevectorError } from '../core/errors.ts'
import type { McpDeps } from './deps.ts'

/** What a tool gives: typed, and once more as text for clients that know no types. An error is a result that says what to do. */
export async function toolResult(
  { onFault }: Pick<McpDeps, 'onFault'>,
  work: () => Promise<object>,
): Promise<CallToolResult> {
  try {
    const structuredContent = { ...(await work()) }
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
  } catch (error) {
    return { content: [{ type: 'text', text: failureText(error, onFault) }], isError: true }
  }
}

function failureText(error: unknown, onFault: (error: unknown) => void): string {
  if (isRevectorError(error)) return [`${error.code}: ${error.message}`, error.hint].filter(Boolean).join(' ')
  onFault(error)
  return 'INTERNAL: Something failed that should not have.'
}
