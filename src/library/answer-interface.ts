import type { Answer, AnswerEvent } from '../core/answer.ts'
import type { OnProgress } from '../core/progress.ts'
import type { AskRequest } from '../search/answer/request.ts'

export type {
  Answer,
  AnswerEvent,
  AnswerMode,
  Citation,
  LanguageProviderName,
  TokenUsage,
  Unanswered,
} from '../core/answer.ts'
export type { AskRequest } from '../search/answer/request.ts'

export interface Answers {
  /** `provider:model` of the language model that answers; null: answers are sentences of the documents. */
  readonly languageModel: string | null
  /**
   * Answers a question from the documents, with citations.
   *
   * @throws RevectorError as `retriever.search`, and PROVIDER_*, RATE_LIMITED of the language model
   */
  ask(request: AskRequest & { readonly onProgress?: OnProgress }): Promise<Answer>
  /** The same, told while it is made. The last event is `done`; leaving the loop early ends the request. */
  stream(request: AskRequest & { readonly onProgress?: OnProgress }): AsyncIterable<AnswerEvent>
}
