import { type Signal, signal } from '@preact/signals'
import { type Problem, problemOf } from '../../api/request.ts'
import type { Answer, Citation } from '../../api/shapes.ts'
import { ask } from '../../api/stream.ts'
import { announce } from '../../parts/announce.tsx'

export interface Question {
  readonly id: number
  readonly text: string
  /** The text received so far. */
  readonly answer: Signal<string>
  readonly citations: Signal<readonly Citation[]>
  readonly passages: Signal<number | null>
  readonly done: Signal<Answer | null>
  readonly problem: Signal<Problem | null>
  readonly running: Signal<boolean>
  readonly stop: () => void
}

let latest = 0

/** Sends the question; the answer streams in. */
export function beginQuestion(text: string, model: string | undefined): Question {
  const abort = new AbortController()
  latest += 1
  const question: Question = {
    id: latest,
    text,
    answer: signal(''),
    citations: signal([]),
    passages: signal(null),
    done: signal(null),
    problem: signal(null),
    running: signal(true),
    stop: () => abort.abort(),
  }
  void listen(question, { query: text, model }, abort.signal)
  return question
}

async function listen(question: Question, body: unknown, abort: AbortSignal): Promise<void> {
  try {
    for await (const { type, data } of ask('/api/v1/query', body, abort)) {
      if (type === 'hits') question.passages.value = countOf(data)
      else if (type === 'text') question.answer.value += (data as { delta: string }).delta
      else if (type === 'citation') question.citations.value = [...question.citations.value, data as Citation]
      else if (type === 'error') question.problem.value = data as Problem
      else if (type === 'done') finish(question, data as Answer)
    }
    if (question.done.value === null && question.problem.value === null) {
      question.problem.value = {
        code: 'CUT_OFF',
        status: 0,
        detail: 'The answer was cut off.',
        hint: 'Ask again.',
      }
    }
  } catch (error) {
    if (!abort.aborted) question.problem.value = problemOf(error)
  }
  question.running.value = false
}

function finish(question: Question, answer: Answer): void {
  question.done.value = answer
  question.answer.value = answer.answer
  question.citations.value = answer.citations
  announce(answer.answered ? `Answered: ${answer.answer}` : 'The documents do not contain an answer.')
}

function countOf(data: unknown): number | null {
  if (Array.isArray(data)) return data.length
  const hits = (data as { hits?: unknown } | null)?.hits
  return Array.isArray(hits) ? hits.length : null
}
