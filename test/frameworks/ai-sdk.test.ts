import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { expect, it, onTestFinished } from 'vitest'
import { searchTool } from '../../src/frameworks/ai-sdk.ts'
import { createRevector, type Revector } from '../../src/index.ts'
import { describeOneEngine, type Engine } from '../support/engines.ts'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** Calls the tool once with this input, then answers. */
function callingOnce(input: object): MockLanguageModelV3 {
  let step = 0
  return new MockLanguageModelV3({
    doGenerate: async () => {
      step += 1
      return step === 1
        ? {
            content: [
              { type: 'tool-call', toolCallId: '1', toolName: 'search', input: JSON.stringify(input) },
            ],
            finishReason: { unified: 'tool-calls', raw: undefined },
            usage,
            warnings: [],
          }
        : {
            content: [{ type: 'text', text: 'Once a month [1].' }],
            finishReason: { unified: 'stop', raw: undefined },
            usage,
            warnings: [],
          }
    },
  })
}

describeOneEngine('the AI SDK’s tool', (engine) => {
  it('is called by a language model, which gets passages with what a citation needs', async () => {
    const revector = await open(engine)
    const model = callingOnce({ query: 'How often is the coffee machine descaled?', topK: 1 })
    const { text, steps } = await generateText({
      model,
      prompt: 'How often is the coffee machine descaled?',
      tools: { search: searchTool(revector, { description: 'Finds notes of the house.' }) },
      stopWhen: stepCountIs(2),
    })
    expect(text).toBe('Once a month [1].')
    const [called] = steps[0]?.toolResults ?? []
    expect(called?.output).toEqual({
      coverage: 1,
      passages: [
        {
          citation: '[1]',
          text: '# Kitchen\n\nDescale the coffee machine every month.',
          title: 'Handbook',
          source: 'handbook.md',
          headingPath: ['Kitchen'],
          page: null,
          startOffset: 0,
          endOffset: 50,
          documentId: expect.any(String),
          chunkId: expect.any(String),
          score: expect.any(Number),
        },
      ],
    })
    const [first, second] = model.doGenerateCalls
    expect(first?.tools).toMatchObject([
      {
        name: 'search',
        description: 'Finds notes of the house.',
        inputSchema: { required: ['query'], properties: { query: {}, topK: { maximum: 50 } } },
      },
    ])
    expect(JSON.stringify(second?.prompt)).toContain('Descale the coffee machine every month.')
  })

  it('keeps to the filter that the program has set', async () => {
    const revector = await open(engine)
    const { steps } = await generateText({
      model: callingOnce({ query: 'coffee machine', topK: 50, filter: {} }),
      prompt: 'x',
      tools: { search: searchTool(revector, { filter: { metadata: { tenant: 'b' } } }) },
      stopWhen: stepCountIs(2),
    })
    expect(steps[0]?.toolResults[0]?.output).toMatchObject({ passages: [{ title: 'Of the other' }] })
    expect(() => searchTool(revector, { filter: { tenant: 'b' } as object })).toThrow('The filter is invalid')
  })

  it('refuses an input that is none, as the SDK tells the model', async () => {
    const { steps } = await generateText({
      model: callingOnce({ query: ' ', topK: 51 }),
      prompt: 'x',
      tools: { search: searchTool(await open(engine)) },
      stopWhen: stepCountIs(2),
    })
    expect(steps[0]?.content).toContainEqual(
      expect.objectContaining({ type: 'tool-error', toolName: 'search' }),
    )
  })
})

async function open(engine: Engine): Promise<Revector> {
  const revector = await createRevector(await engine.readyPlace())
  onTestFinished(() => revector.db.close())
  const [handbook, other] = [
    {
      title: 'Handbook',
      source: 'handbook.md',
      content: '# Kitchen\n\nDescale the coffee machine every month.',
    },
    { title: 'Of the other', content: 'The coffee machine of the other tenant.', metadata: { tenant: 'b' } },
  ]
  await revector.ingestion.ingestDocuments([handbook, other].filter((one) => one !== undefined))
  return revector
}
