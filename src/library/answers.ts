import type { Config } from '../config/config.ts'
import { ask } from '../search/answer/ask.ts'
import type { Answers } from './answer-interface.ts'
import type { Runtime } from './runtime.ts'

/** `revector.answers`. */
export function answerCalls(
  { languageModel }: Pick<Config, 'languageModel'>,
  { opened }: Pick<Runtime, 'opened'>,
): Answers {
  async function* stream({ onProgress: _, ...request }: Parameters<Answers['stream']>[0]) {
    yield* ask(await opened(), request)
  }
  return {
    languageModel: languageModel === undefined ? null : `${languageModel.provider}:${languageModel.model}`,
    stream,
    async ask(request) {
      for await (const event of stream(request)) {
        if (event.type === 'done') return event.answer
      }
      throw new Error('An answer has an end')
    },
  }
}
