import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { askRequest } from '../http/ask-request.ts'
import { query as contract } from '../http/contract/query.ts'
import type { Answer } from '../library/revector.ts'
import { answer } from '../wire/answer.ts'
import type { McpDeps } from './deps.ts'
import { addTool } from './tool.ts'

export function addAskTool(server: McpServer, deps: McpDeps): void {
  addTool(server, deps, {
    name: 'ask',
    title: 'Answer a question',
    description:
      'Answers a question from the documents, with citations that point to document, heading, page and offsets. ' +
      '`answered` is false when the documents do not say it.',
    input: contract.body,
    output: answer,
    annotations: { readOnlyHint: true, openWorldHint: false },
    run: async (body, { signal, _meta, sendNotification }) => {
      let made: Answer | undefined
      let pieces = 0
      for await (const event of deps.revector.answers.stream(askRequest(body, signal))) {
        if (event.type === 'done') made = event.answer
        if (event.type !== 'text' || _meta?.progressToken === undefined) continue
        pieces += 1
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken: _meta.progressToken, progress: pieces, message: event.text },
        })
      }
      if (made === undefined) throw new Error('An answer has an end')
      return made
    },
  })
}
