import type { FastifySchemaCompiler } from 'fastify'
import type * as z from 'zod'
import type { $ZodIssue } from 'zod/v4/core'
import { RevectorError } from '../core/errors.ts'
import { decode, wireSchema } from '../wire/codec.ts'

/** The usual names of the parts of a request. */
const requestParts: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
}

/** Most errors that are reported at once. */
const mostFaults = 20

/** Validates requests against the contract. Handlers get TypeScript values. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = requestParts[httpPart ?? 'body'] ?? 'request'
  const wire = wireSchema(schema)
  return (given: unknown) => {
    const checked = wire.safeParse(given ?? (httpPart === 'body' ? {} : given))
    return checked.success
      ? { value: decode(schema, checked.data) }
      : { error: invalid(part, checked.error.issues) }
  }
}

/** A part that the handler validates itself. @throws RevectorError INVALID_INPUT */
export function checked<Schema extends z.ZodType>(
  part: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const result = wireSchema(schema).safeParse(given)
  if (result.success) return decode(schema, result.data)
  throw invalid(part, result.error.issues)
}

function invalid(part: string, issues: readonly $ZodIssue[]): RevectorError {
  const faults = issues.slice(0, mostFaults).map(({ path, message }) => ({
    field: path.map(String).join('.').slice(0, 200),
    message: message.slice(0, 500),
  }))
  const [first] = faults
  const place = first === undefined || first.field === '' ? `The ${part}` : `${first.field} in the ${part}`
  return new RevectorError('INVALID_INPUT', `${place} is invalid: ${first?.message ?? 'unexpected'}.`, {
    hint: 'See /docs for the expected request.',
    data: { in: part, fields: faults },
  })
}
