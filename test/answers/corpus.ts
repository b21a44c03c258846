import { isRevectorError } from '../../src/core/errors.ts'
import type { LanguageModel, LanguageModelSpec } from '../../src/generating/contract.ts'
import { openLanguageModel } from '../../src/generating/open.ts'
import { ask } from '../../src/search/answer/ask.ts'
import type { AskRequest } from '../../src/search/answer/request.ts'
import type { AnswerEvent } from '../../src/wire/answer.ts'
import { type TestCorpus, testCorpus, writeLines } from '../support/corpus-deps.ts'
import type { Engine } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type FakeLanguageModel, fakeLanguageModel } from '../support/providers/language.ts'

/** About pools and about bread, so that a lexical model finds the right ones. */
export const lines = [
  'A pool keeps connections open for later use by other clients.',
  'To close the pool, call end. It waits until every borrowed client was given back.',
  'Knead flour, water, salt and yeast into a smooth dough.',
  'Let the dough rise overnight in a cool kitchen before baking the bread.',
]

export async function answerCorpus(engine: Engine, texts: readonly string[] = lines): Promise<TestCorpus> {
  const corpus = await testCorpus(await engine.connect())
  if (texts.length > 0) await writeLines(corpus, 'guide.md', texts)
  return corpus
}

export interface Teller {
  readonly server: FakeLanguageModel
  readonly model: LanguageModel
}

/** A language model at a fake server. */
export async function teller(given: Partial<LanguageModelSpec> = {}): Promise<Teller> {
  const server = await fakeLanguageModel()
  const spec: LanguageModelSpec = {
    provider: 'openai-compatible',
    model: 'fake',
    baseUrl: server.url,
    maxOutputTokens: 200,
    contextTokens: 4_000,
    timeoutMs: 30_000,
    maxAttempts: 2,
    ...given,
  }
  return {
    server,
    model: await openLanguageModel(spec, { keys: {} }, { clock: fakeClock(), random: () => 0.5 }),
  }
}

export interface Heard {
  readonly events: readonly AnswerEvent[]
  /** All text events, one after the other. */
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it at many places
  readonly answer: any
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it at many places
  readonly error: any
}

export async function hear(
  corpus: TestCorpus,
  language: LanguageModel | null,
  request: AskRequest,
): Promise<Heard> {
  const deps = { ...corpus, language: async () => language }
  const events: AnswerEvent[] = []
  let error: unknown
  try {
    for await (const event of ask(deps, request)) events.push(event)
  } catch (thrown) {
    if (!isRevectorError(thrown)) throw thrown
    error = thrown
  }
  const done = events.find((event) => event.type === 'done')
  return {
    events,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    answer: done?.type === 'done' ? done.answer : undefined,
    error,
  }
}
