import type * as z from 'zod'
import { RevectorError } from '../../core/errors.ts'
import type { SearchFilter, SearchResult } from '../../core/search.ts'
import type { Revector } from '../../revector.ts'
import { searchShape } from '../../wire.ts'
import { search } from '../contract/search.ts'
import { signalOf } from '../disconnect.ts'
import { type App, routeOf } from '../route.ts'

type Body = z.output<typeof search.body>

export async function searchRoutes(app: App, { revector }: { readonly revector: Revector }): Promise<void> {
  app.route({
    ...routeOf(search),
    handler: async (request, reply) => {
      const { body } = request
      refuseTwoWays(body)
      return searchShape(await found(revector, body, signalOf(reply)))
    },
  })
}

function found({ retriever }: Revector, body: Body, signal: AbortSignal): Promise<SearchResult> {
  const { query = '', model, models, aggregation, serve } = body
  const vectors = vectorsOf(body)
  const common = {
    query,
    signal,
    topK: body.top_k,
    ...(body.min_score === undefined ? {} : { minScore: body.min_score }),
    ...(body.filter === undefined ? {} : { filter: filterOf(body.filter) }),
  }
  if (models !== undefined) {
    const request = { ...common, modelNames: models, ...(aggregation === undefined ? {} : { aggregation }) }
    return retriever.searchMultiModel({ ...request, ...(vectors === null ? {} : { queryVectors: vectors }) })
  }
  if (serve !== undefined) {
    return retriever.search({ ...common, serve, ...(vectors === null ? {} : { queryVectors: vectors }) })
  }
  return retriever.search({
    ...common,
    ...(model === undefined ? {} : { modelName: model }),
    ...(body.vector === undefined ? {} : { queryVector: Float32Array.from(body.vector) }),
  })
}

/** @throws RevectorError INVALID_INPUT */
function refuseTwoWays(body: Body): void {
  const { model, models, serve, aggregation, vector, vectors } = body
  const ways = Object.entries({ model, models, serve }).flatMap(([way, given]) =>
    given === undefined ? [] : [way],
  )
  if (ways.length > 1) throw invalid(`${ways.join(' and ')} were both given: expected one of them`)
  if (aggregation !== undefined && models === undefined) throw invalid('aggregation needs models')
  if (vector !== undefined && (models !== undefined || serve !== undefined)) {
    throw invalid('vector goes with one model: expected vectors, by model name')
  }
  if (vectors !== undefined && models === undefined && serve === undefined) {
    throw invalid('vectors go with models or serve: expected vector')
  }
}

function invalid(what: string): RevectorError {
  return new RevectorError('INVALID_INPUT', `In the body ${what}.`, {
    hint: 'See /docs#search for what goes together.',
  })
}

function vectorsOf({ vectors }: Body): Record<string, Float32Array> | null {
  if (vectors === undefined) return null
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [name, Float32Array.from(vector)]),
  )
}

export function filterOf(filter: NonNullable<Body['filter']>): SearchFilter {
  const { document_ids, title, metadata, created_after, created_before } = filter
  return {
    ...(document_ids === undefined ? {} : { documentIds: document_ids }),
    ...(title === undefined ? {} : { title }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(created_after === undefined ? {} : { createdAfter: new Date(created_after) }),
    ...(created_before === undefined ? {} : { createdBefore: new Date(created_before) }),
  }
}
