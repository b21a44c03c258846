import type { Config } from '../config/config.ts'
import type { OnProgress } from '../core/progress.ts'
import { ask } from '../search/answer/ask.ts'
import type { AskRequest } from '../search/answer/request.ts'
import type { Answer, AnswerEvent } from '../wire/answer.ts'
import type { Runtime } from './runtime.ts'

/** `revector.answers`. */
export interface Answers {
  /** `provider:model` of the language model; null: answers are sentences of the documents. */
  readonly languageModel: string | null
  /**
   * Answers a question from the documents, with citations.
   *
   * @throws RevectorError as `retriever.search`, and PROVIDER_*, RATE_LIMITED of the language model
   */
  ask(request: AskRequest & { readonly onProgress?: OnProgress }): Promise<Answer>
  /** The same as a stream of events. The last event is `done`; leaving the loop early ends the request. */
  stream(request: AskRequest & { readonly onProgress?: OnProgress }): AsyncIterable<AnswerEvent>
}

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
      throw new Error('An answer ended without its last event')
    },
  }
}
