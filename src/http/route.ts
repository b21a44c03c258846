import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type * as z from 'zod'
import type { Scope } from '../core/access.ts'
import type { Of } from '../wire/codec.ts'
import type { SearchAs } from '../wire/search-as.ts'
import type { Operation } from './contract/operation.ts'

/** How Fastify types requests and replies by the schemas of a route: as in TypeScript, not as in JSON. */
interface ContractTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  readonly serializer: this['schema'] extends z.ZodType ? Of<this['schema']> : unknown
}

/** The application as routes see it: typed by the contract. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ContractTypes
>

/** The caller of a request. */
export interface Caller {
  /** Null: no keys are configured, or the route is public. */
  readonly keyId: string | null
  /** For the audit log. */
  readonly name: string
  readonly scope: Scope
  /** Null: the service's limit. */
  readonly requestsPerMinute: number | null
  /** Whose rows are read; absent: all. */
  readonly as?: SearchAs
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a key must have; null or absent: none. */
    readonly scope?: Scope | null
    readonly operation?: Operation
  }
  interface FastifyRequest {
    caller: Caller
  }
}

type Part<Described, From extends string, To extends string> =
  Described extends Readonly<Record<From, infer Schema>> ? { readonly [key in To]: Schema } : unknown

type Responses<Described extends Operation> = {
  readonly response: { -readonly [status in keyof Described['responses']]: Described['responses'][status] }
}

export interface RouteOptions<Described extends Operation> {
  readonly method: Described['method']
  readonly url: string
  readonly schema: Part<Described, 'body', 'body'> &
    Part<Described, 'query', 'querystring'> &
    Part<Described, 'params', 'params'> &
    Part<Described, 'headers', 'headers'> &
    Responses<Described>
  readonly config: { readonly scope: Scope | null; readonly operation: Operation }
  readonly exposeHeadRoute: boolean
}

/**
 * An operation of the contract as the options of its route: `app.route({ ...routeOf(search), handler })`. The handler's
 * request and answer are typed by the contract's schemas.
 */
export function routeOf<Described extends Operation>(operation: Described): RouteOptions<Described> {
  const { method, path, scope, query, params, headers, responses } = operation
  // If a form may replace JSON, the handler checks the media type.
  const body = operation.form === undefined ? operation.body : undefined
  // Fastify warns of properties that are present and undefined.
  const schema = Object.fromEntries(
    Object.entries({ body, querystring: query, params, headers, response: responses }).filter(
      ([, part]) => part !== undefined,
    ),
  )
  return {
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    schema: schema as unknown as RouteOptions<Described>['schema'],
    config: { scope, operation },
    // The headers of a stream are sent at once: for a HEAD request it would continue without a reader.
    exposeHeadRoute: operation.events === undefined,
  }
}
