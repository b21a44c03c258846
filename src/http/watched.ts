import { isRevectorError } from '../core/errors.ts'
import type { Answer, Revector } from '../library/revector.ts'
import type { SearchResult } from '../wire/search.ts'
import type { Metrics } from './metrics.ts'
import { traced } from './traces.ts'

/** The same library, with searches, answers and writes timed and traced, whether routes or agents call it. */
export function watched(revector: Revector, metrics: Metrics): Revector {
  const { retriever, answers, ingestion } = revector

  async function search<Result extends SearchResult>(
    asked: readonly string[],
    work: () => Promise<Result>,
  ): Promise<Result> {
    const started = performance.now()
    const seconds = (): number => (performance.now() - started) / 1_000
    return traced('revector.search', {}, async (span) => {
      try {
        const result = await work()
        const { models, hits } = result
        metrics.search({ models, failed: null, seconds: seconds() })
        span.setAttributes({ 'revector.models': [...models], 'revector.hits': hits.length })
        return result
      } catch (error) {
        // The request may name anything; a label may not.
        const known = isRevectorError(error) && error.code !== 'MODEL_UNKNOWN'
        const models = known && asked.length > 0 ? asked : ['']
        metrics.search({ models, failed: codeOf(error), seconds: seconds() })
        throw error
      }
    })
  }

  function answered({ mode, usage }: Answer, started: number): void {
    metrics.answer({
      mode,
      seconds: (performance.now() - started) / 1_000,
      inputTokens: usage?.inputTokens ?? 0,
      outputTokens: usage?.outputTokens ?? 0,
    })
  }

  return {
    ...revector,
    retriever: {
      ...retriever,
      search: (request) =>
        search(request.modelName === undefined ? [] : [request.modelName], () => retriever.search(request)),
      searchMultiModel: (request) => search(request.modelNames, () => retriever.searchMultiModel(request)),
    },
    answers: {
      ...answers,
      async ask(request) {
        const started = performance.now()
        return traced('revector.answer', {}, async () => {
          const answer = await answers.ask(request)
          answered(answer, started)
          return answer
        })
      },
      async *stream(request) {
        const started = performance.now()
        for await (const event of answers.stream(request)) {
          if (event.type === 'done') answered(event.answer, started)
          yield event
        }
      },
    },
    ingestion: {
      ...ingestion,
      ingestDocument: (document) => traced('revector.ingest', {}, () => ingestion.ingestDocument(document)),
      ingestPaths: (request) => traced('revector.ingest', {}, () => ingestion.ingestPaths(request)),
    },
  }
}

function codeOf(error: unknown): string {
  return isRevectorError(error) ? error.code : 'INTERNAL'
}
