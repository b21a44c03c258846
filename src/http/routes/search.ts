import type * as z from 'zod'
import { isRevectorError, RevectorError } from '../../core/errors.ts'
import type { Revector } from '../../library/revector.ts'
import type { SearchResult } from '../../wire/search.ts'
import type { SearchAs } from '../../wire/search-as.ts'
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
      const signal = signalOf(reply)
      return found(revector, body, { signal, as: request.caller.as }).catch((error: unknown) =>
        blame(error, body),
      )
    },
  })
}

function found(
  { retriever }: Revector,
  body: Body,
  call: { readonly signal: AbortSignal; readonly as?: SearchAs },
): Promise<SearchResult> {
  const { model, models, aggregation, serve, vector, vectors, ...rest } = body
  const queryVectors =
    vectors && Object.fromEntries(Object.entries(vectors).map(([name, one]) => [name, usable(one)]))
  const common = { ...rest, ...call }
  if (models !== undefined) {
    return retriever.searchMultiModel({ ...common, modelNames: models, aggregation, queryVectors })
  }
  if (serve !== undefined) return retriever.search({ ...common, serve, queryVectors })
  return retriever.search({ ...common, modelName: model, queryVector: vector && usable(vector) })
}

/** A vector of another dimension is the provider's error, unless it came with the request. */
function blame(error: unknown, { vector, vectors }: Body): never {
  const given = vector !== undefined || vectors !== undefined
  if (!given || !isRevectorError(error, 'EMBEDDING_DIMENSION_MISMATCH')) throw error
  throw new RevectorError('INVALID_INPUT', error.message, {
    hint: error.hint,
    data: error.data,
    cause: error,
  })
}

/** @throws RevectorError INVALID_INPUT */
function refuseTwoWays(body: Body): void {
  const { model, models, serve, aggregation, vector, vectors } = body
  const ways = Object.entries({ model, models, serve }).flatMap(([way, given]) =>
    given === undefined ? [] : [way],
  )
  if (ways.length > 1) throw invalid(`${ways.join(' and ')} were both given: expected only one of them`)
  if (aggregation !== undefined && models === undefined) throw invalid('aggregation needs models')
  if (vector !== undefined && (models !== undefined || serve !== undefined)) {
    throw invalid('vector is for one model: expected vectors, by model name')
  }
  if (vectors !== undefined && models === undefined && serve === undefined) {
    throw invalid('vectors is for models or serve: expected vector')
  }
}

/**
 * A vector that can be compared: 32-bit floats whose length is neither zero nor too large for one.
 *
 * @throws RevectorError INVALID_INPUT
 */
function usable(numbers: readonly number[]): Float32Array {
  const vector = Float32Array.from(numbers)
  const length = Math.hypot(...vector)
  if (length > 1e-15 && length < 1e15) return vector
  throw invalid(`a vector has the length ${length}: expected one from 1e-15 to 1e15`)
}

function invalid(what: string): RevectorError {
  return new RevectorError('INVALID_INPUT', `In the body ${what}.`, {
    hint: 'See /docs#search for the valid combinations.',
  })
}
