import * as z from 'zod'
import type { Scope } from '../../core/access.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { id } from '../../wire/field.ts'

export { id, list, metadata, modelName, name } from '../../wire/field.ts'

/**
 * One thing the service can be asked for. Validation, the OpenAPI document, the reference page and the console's types
 * all come from here. Schemas describe values as TypeScript has them: camelCase, `z.date()`. Their JSON is their `wireSchema`.
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
  /** Null: asked of nobody. */
  readonly scope: Scope | null
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** A body may be left out. */
  readonly bodyOptional?: boolean
  /** The fields of the multipart form that may come instead of JSON; `files` are its files. */
  readonly form?: z.ZodObject
  /** What comes back when it went well, by status; `z.undefined()` for nothing. */
  readonly responses: Readonly<Record<number, z.ZodType>>
  /** Media type of the answer where it is not JSON. */
  readonly produces?: string
  /** By name: what the stream carries when `text/event-stream` is asked for, or always where there is no response. */
  readonly events?: Readonly<Record<string, z.ZodType>>
  /** What can be wrong beside that which can be wrong with every request. */
  readonly errors: readonly ErrorCode[]
  /** A body that shows what is meant; run by the tests of the documentation. */
  readonly example?: unknown
}

/** Keeps the schemas' types, which the routes are checked against. */
export function operation<const Described extends Operation>(described: Described): Described {
  return described
}

/** As JSON has it; what is declared as TypeScript has it uses the `date` of wire/field.ts. */
export const date = z.iso.datetime().describe('ISO 8601, UTC.')
export const documentId = z.strictObject({ id: id.describe('The document’s id.') })

/** Yes or no in a query. */
export const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })

/** A page of a list. */
export function page(what: string) {
  return {
    limit: z.coerce.number().int().min(1).max(1_000).default(50).describe(`How many ${what}.`),
    after: id.optional().describe('The `next` of the page before; absent: from the beginning.'),
  }
}
