import * as z from 'zod'
import type { Scope } from '../../core/access.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { id } from '../../wire/field.ts'

/**
 * One operation of the service. Validation, the OpenAPI document, the reference page and the console's types
 * all derive from it. Schemas describe values as in TypeScript: camelCase, `z.date()`. Their JSON is their
 * `wireSchema`.
 */
export interface Operation {
  /** Unique; the name of the call in generated clients. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As OpenAPI writes it: `/api/v1/documents/{id}`. */
  readonly path: string
  readonly tag: string
  /** One line. */
  readonly summary: string
  /** Markdown. */
  readonly description?: string
  /** Null: public. */
  readonly scope: Scope | null
  /** Shows only rows that the caller's role sees: a key that has a role may do this, and nothing else. */
  readonly asRole?: boolean
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** The body may be omitted. */
  readonly bodyOptional?: boolean
  /** The fields of the multipart form that may replace JSON; `files` are its files. */
  readonly form?: z.ZodObject
  /** The successful replies, by status; `z.undefined()` for none. */
  readonly responses: Readonly<Record<number, z.ZodType>>
  /** Media type of the reply if it is not JSON. */
  readonly produces?: string
  /**
   * By name: the events of the stream if `text/event-stream` is requested, or always if there is no response.
   */
  readonly events?: Readonly<Record<string, z.ZodType>>
  /** Errors besides those that every request can have. */
  readonly errors: readonly ErrorCode[]
  /** An example body; the tests of the documentation run it. */
  readonly example?: unknown
}

type Described = Omit<Operation, 'id' | 'method' | 'path' | 'errors'> & Partial<Pick<Operation, 'errors'>>
type ErrorsOf<Given> = Given extends { readonly errors: infer Codes extends Operation['errors'] }
  ? Codes
  : readonly []

/** An operation by its id and its route, as in `GET /api/v1/models`; keeps the types, which the handlers are checked against. */
export function operation<const Verb extends Operation['method'], const Given extends Described>(
  id: string,
  route: `${Verb} /${string}`,
  described: Given,
) {
  const [method, path] = route.split(' ') as [Verb, string]
  return { ...described, id, method, path, errors: (described.errors ?? []) as ErrorsOf<Given> }
}

/** What can go wrong wherever texts are embedded. */
export const embeddingErrors = [
  'MODEL_UNKNOWN',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REFUSED',
  'PROVIDER_KEY_MISSING',
  'PROVIDER_KEY_WITHHELD',
] as const

export const documentId = z.strictObject({ id: id.describe('The document’s id.') })

/** A boolean in a query. */
export const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })

/** A page of a list. */
export function page(what: string) {
  return {
    limit: z.coerce.number().int().min(1).max(1_000).default(50).describe(`Number of ${what}.`),
    after: id.optional().describe('The `next` of the previous page; default: from the beginning.'),
  }
}
