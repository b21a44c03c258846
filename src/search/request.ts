import * as z from 'zod'
import { definedOnly } from '../core/defined.ts'
import { RevectorError } from '../core/errors.ts'
import type { CallOptions } from '../core/progress.ts'
import {
  type Aggregation,
  aggregation,
  minScore,
  type SearchFilter,
  type Serve,
  searchFilter,
  serve,
  text,
  topK,
} from '../wire/search.ts'
import { type SearchAs, searchAs } from '../wire/search-as.ts'

export interface SearchRequest extends CallOptions {
  /** Up to 20,000 characters. May be omitted if a vector is given. */
  readonly query?: string
  /** Used instead of the query's own embedding. */
  readonly queryVector?: Float32Array
  /** Default: the current model. */
  readonly modelName?: string
  /**
   * While a migration fills its target, instead of `modelName`: the `source` alone (it is the current model and
   * has everything), the `target` alone as far as it is filled, or `both` in one list. Safe to leave on: if no
   * migration is open, or its target cannot be searched, only the current model is searched and `serving` says
   * so.
   */
  readonly serve?: Serve
  /** With `serve`, by model name: compared instead of that model's embedding of the query. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** 1 to 1,000; default 5. */
  readonly topK?: number
  /** Hits with a lower score are left out. */
  readonly minScore?: number
  readonly filter?: SearchFilter
  /**
   * Whose rows are searched: a database role with settings, under which row level security holds. Counts and coverage are
   * those that it sees. Not with `serve` or `explain`.
   */
  readonly as?: SearchAs
  /** Also return the query plans: the search is run again for that. */
  readonly explain?: boolean
}

export interface MultiModelSearchRequest
  extends Omit<SearchRequest, 'modelName' | 'queryVector' | 'queryVectors' | 'serve'> {
  /** Each once; the first one wins if ranks are equal. */
  readonly modelNames: readonly string[]
  /** By model name: used instead of that model's embedding of the query. */
  readonly queryVectors?: Readonly<Record<string, Float32Array>>
  /** Default: union. */
  readonly aggregation?: Aggregation
}

export type ServedRequest = Omit<SearchRequest, 'modelName' | 'queryVector' | 'explain' | 'as'> & {
  readonly serve: Serve
}

/** A search in each of these models, for the sake of its plan. */
export type ExplainRequest = Omit<MultiModelSearchRequest, 'minScore' | 'aggregation' | 'explain' | 'as'>

const longestQuery = 20_000
const vector = z.instanceof(Float32Array, { error: 'expected a Float32Array' })

const common = {
  query: z.string().max(longestQuery, `expected at most ${longestQuery} characters`).default(''),
  topK,
  minScore,
  filter: searchFilter.optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z.unknown().optional(),
}

const oneModel = z
  .strictObject({
    ...common,
    as: searchAs.optional(),
    modelName: text.optional(),
    queryVector: vector.optional(),
  })
  .refine((request) => request.queryVector !== undefined || request.query.trim() !== '', {
    path: ['query'],
    error: 'expected some text',
  })

const served = z
  .strictObject({ ...common, serve, queryVectors: z.record(z.string(), vector).default({}) })
  .refine((request) => Object.keys(request.queryVectors).length > 0 || request.query.trim() !== '', {
    path: ['query'],
    error: 'expected some text',
  })

const severalModels = z
  .strictObject({
    ...common,
    as: searchAs.optional(),
    modelNames: z
      .array(text)
      .min(1, 'expected at least one model')
      .max(20, 'expected at most 20 models')
      .refine((names) => new Set(names).size === names.length, 'expected every model once'),
    queryVectors: z.record(z.string(), vector).default({}),
    aggregation: aggregation.default('union'),
  })
  .refine(
    (request) =>
      request.query.trim() !== '' ||
      request.modelNames.every((name) => request.queryVectors[name] !== undefined),
    { path: ['query'], error: 'expected some text' },
  )

export type CheckedRequest = z.output<typeof oneModel>
export type CheckedMultiModelRequest = z.output<typeof severalModels>

/** @throws RevectorError INVALID_INPUT */
export function checkRequest(request: SearchRequest): CheckedRequest {
  return check(oneModel, request)
}

/** @throws RevectorError INVALID_INPUT */
export function checkMultiModelRequest(request: MultiModelSearchRequest): CheckedMultiModelRequest {
  return check(severalModels, request)
}

/** @throws RevectorError INVALID_INPUT */
export function checkServedRequest(request: ServedRequest): z.output<typeof served> {
  return check(served, request)
}

/**
 * What compares or shows more than the rows that a role sees.
 *
 * @throws RevectorError INVALID_INPUT
 */
export function refuseBesideAs(
  as: SearchAs | undefined,
  others: { readonly serve?: unknown; readonly explain?: unknown },
): void {
  if (as === undefined) return
  const given = Object.entries(others).find(([, value]) => value !== undefined && value !== false)
  if (given === undefined) return
  throw new RevectorError('INVALID_INPUT', `as and ${given[0]} were both given: expected one of them.`, {
    hint: `Leave out ${given[0]}: it needs rows that the role may not see.`,
    data: { field: given[0] },
  })
}

function check<Schema extends z.ZodType>(schema: Schema, request: object): z.output<Schema> {
  // An option that is undefined is absent, also one that another kind of search takes.
  const parsed = schema.safeParse(definedOnly(request))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  const got = field === '' ? '' : `, got ${shown(valueAt(request, issue?.path ?? []))}`
  throw new RevectorError(
    'INVALID_INPUT',
    `The search's ${field === '' ? 'request' : field} is invalid: ${issue?.message ?? 'unexpected'}${got}.`,
    { hint: 'Correct it and search again.', data: { field } },
  )
}

function valueAt(request: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    request,
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string' && value.length > 60) return `${value.length} characters`
  return typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? JSON.stringify(value).slice(0, 100)
      : 'an object'
    : typeof value === 'string'
      ? JSON.stringify(value)
      : String(value)
}
