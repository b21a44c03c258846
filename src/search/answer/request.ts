import { definedOnly } from '../../core/defined.ts'
import { RevectorError } from '../../core/errors.ts'
import { type AnswerMode, answerMode } from '../../wire/answer.ts'
import { type SearchFilter, type Serve, serve as serves } from '../../wire/search.ts'
import type { SearchAs } from '../../wire/search-as.ts'
import { checkRequest } from '../request.ts'

export interface AskRequest {
  /** Up to 20,000 characters. */
  readonly query: string
  /** The embedding model that finds the passages. Default: the current one. */
  readonly modelName?: string
  /**
   * While a migration fills its target, instead of `modelName`: which of its models find the passages, as in a
   * search.
   */
  readonly serve?: Serve
  /** Passages that the answer may use, 1 to 50; default 8. */
  readonly topK?: number
  /** Passages with a lower score are left out. */
  readonly minScore?: number
  readonly filter?: SearchFilter
  /** Whose rows are read, as in a search. Not with `serve`. */
  readonly as?: SearchAs
  /** Default: generated if a language model is configured, otherwise extractive. */
  readonly mode?: AnswerMode
  readonly signal?: AbortSignal
}

const defaultPassages = 8
export const mostPassages = 50

export type CheckedAsk = ReturnType<typeof checkAsk>

/** @throws RevectorError INVALID_INPUT */
export function checkAsk({ mode, serve, ...request }: AskRequest) {
  const checked = checkRequest({ topK: defaultPassages, ...definedOnly(request) })
  if (checked.query.trim() === '') throw invalid('query', 'some text', checked.query)
  if (checked.topK > mostPassages) throw invalid('topK', `at most ${mostPassages} passages`, checked.topK)
  if (mode !== undefined && !answerMode.options.includes(mode)) {
    throw invalid('mode', 'generated or extractive', mode)
  }
  if (serve !== undefined && !serves.options.includes(serve)) {
    throw invalid('serve', serves.options.join(', '), serve)
  }
  if (serve !== undefined && request.modelName !== undefined) {
    throw new RevectorError('INVALID_INPUT', 'serve and a model were both given: expected one of them.', {
      hint: 'serve takes the models from the open migration; omit it to choose a model.',
      data: { field: 'serve' },
    })
  }
  return { ...checked, mode, serve }
}

function invalid(field: string, expected: string, got: unknown): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `The question's ${field} is invalid: expected ${expected}, got ${JSON.stringify(got)}.`,
    { hint: 'Correct it and try again.', data: { field } },
  )
}
