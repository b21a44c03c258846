import type { Answer, AnswerEvent, Citation } from '../library/revector.ts'
import { hitShape, servingShape } from './wire.ts'

/** The shapes of answers in `--json`, HTTP bodies and events, and tools of agents. */
export function answerShape(answer: Answer) {
  return {
    query: answer.query,
    answer: answer.answer,
    answered: answer.answered,
    reason: answer.reason,
    mode: answer.mode,
    model: answer.model,
    language_model: answer.languageModel,
    citations: answer.citations.map(citationShape),
    removed_citations: answer.removedCitations,
    truncated: answer.truncated,
    coverage: answer.coverage,
    ...(answer.serving === undefined ? {} : { serving: servingShape(answer.serving) }),
    usage:
      answer.usage === null
        ? null
        : { input_tokens: answer.usage.inputTokens, output_tokens: answer.usage.outputTokens },
    took_ms: answer.tookMs,
  }
}

function citationShape(citation: Citation) {
  return {
    marker: citation.marker,
    chunk_id: citation.chunkId,
    document_id: citation.documentId,
    title: citation.title,
    source: citation.source,
    heading_path: citation.headingPath,
    page: citation.page,
    start_offset: citation.startOffset,
    end_offset: citation.endOffset,
    quote: citation.quote,
  }
}

/** What an event of a stream carries; its name is the event's type. */
export function answerEventShape(event: AnswerEvent) {
  switch (event.type) {
    case 'hits':
      return { hits: event.hits.map(hitShape) }
    case 'text':
      return { delta: event.text }
    case 'citation':
      return citationShape(event.citation)
    case 'done':
      return answerShape(event.answer)
  }
}
