import type { AnswerMode } from '../../core/answer.ts'
import { RevectorError } from '../../core/errors.ts'
import type { SearchFilter } from '../../core/search.ts'
import { checkRequest } from '../request.ts'

export interface AskRequest {
  /** Up to 20,000 characters. */
  readonly query: string
  /** The embedding model that finds the passages. Absent: the current one. */
  readonly modelName?: string
  /** Passages that the answer may use, 1 to 50; default 8. */
  readonly topK?: number
  /** Passages that score less are left out. */
  readonly minScore?: number
  readonly filter?: SearchFilter
  /** Absent: generated where a language model is configured, extractive otherwise. */
  readonly mode?: AnswerMode
  readonly signal?: AbortSignal
}

const defaultPassages = 8
export const mostPassages = 50

/** @throws RevectorError INVALID_INPUT */
export function checkAsk({ mode, ...request }: AskRequest) {
  const checked = checkRequest({ topK: defaultPassages, ...defined(request) })
  if (checked.query.trim() === '') throw invalid('query', 'some text', checked.query)
  if (checked.topK > mostPassages) throw invalid('topK', `at most ${mostPassages} passages`, checked.topK)
  if (mode !== undefined && mode !== 'generated' && mode !== 'extractive') {
    throw invalid('mode', 'generated or extractive', mode)
  }
  return { ...checked, mode }
}

function defined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
}

function invalid(field: string, expected: string, came: unknown): RevectorError {
  return new RevectorError(
    'INVALID_INPUT',
    `The question's ${field} is wrong: expected ${expected}, came ${JSON.stringify(came)}.`,
    {
      hint: 'Correct it and ask again.',
      data: { field },
    },
  )
}
