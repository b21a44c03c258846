// A tool of the AI SDK that searches with Revector. Needs `ai` beside `revector`. The language model is a stand-in that calls
// the tool once, so that this runs without a key: in its place comes one of yours, such as openai('gpt-5.1').
//   node examples/ai-sdk.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { createRevector } from 'revector'
import { searchTool } from 'revector/ai-sdk'

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir })
try {
  await revector.db.initialize()
  await revector.ingestion.ingestDocuments([
    { title: 'Coffee machine', source: 'kitchen.md', content: 'Descale the machine every two months.' },
    { title: 'Printer', source: 'office.md', content: 'When the printer shows code 49, switch it off.' },
  ])

  const { text, steps } = await generateText({
    model: standIn(),
    prompt: 'How often is the coffee machine descaled?',
    tools: {
      search: searchTool(revector, { description: 'Finds notes about the machines of our house.', topK: 1 }),
    },
    stopWhen: stepCountIs(5),
  })
  for (const { output } of steps.flatMap((step) => step.toolResults)) {
    for (const { citation, title, source, text } of output.passages)
      console.log(`${citation} ${title} (${source}): ${text}`)
  }
  console.log(text)
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}

function standIn() {
  const call = {
    type: 'tool-call',
    toolCallId: '1',
    toolName: 'search',
    input: '{"query":"descaling the coffee machine"}',
  }
  const answer = { type: 'text', text: 'Every two months [1].' }
  const usage = { inputTokens: { total: 0 }, outputTokens: { total: 0 } }
  const replies = [
    { content: [call], finishReason: { unified: 'tool-calls' }, usage, warnings: [] },
    { content: [answer], finishReason: { unified: 'stop' }, usage, warnings: [] },
  ]
  return new MockLanguageModelV3({ doGenerate: async () => replies.shift() })
}
