import type { FastifySchemaCompiler } from 'fastify'
import type { $ZodIssue, $ZodType, output } from 'zod/v4/core'
import { safeParse } from 'zod/v4/core'
import { RevectorError } from '../core/errors.ts'

/** Parts of a request as people call them. */
const deps: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
}

/** Most faults that are told at once. */
const mostFaults = 20

/** Holds requests to the contract. */
export const validatorCompiler: FastifySchemaCompiler<$ZodType> = ({ schema, httpPart }) => {
  const part = deps[httpPart ?? 'body'] ?? 'request'
  return (given: unknown) => {
    const checked = safeParse(schema, given ?? (httpPart === 'body' ? {} : given))
    return checked.success ? { value: checked.data } : { error: invalid(part, checked.error.issues) }
  }
}

/** A part that the handler looks at itself. @throws RevectorError INVALID_INPUT */
export function checked<Schema extends $ZodType>(
  part: string,
  schema: Schema,
  given: unknown,
): output<Schema> {
  const result = safeParse(schema, given)
  if (result.success) return result.data
  throw invalid(part, result.error.issues)
}

function invalid(part: string, issues: readonly $ZodIssue[]): RevectorError {
  const faults = issues.slice(0, mostFaults).map(({ path, message }) => ({
    field: path.map(String).join('.').slice(0, 200),
    message: message.slice(0, 500),
  }))
  const [first] = faults
  const place = first === undefined || first.field === '' ? `The ${part}` : `${first.field} in the ${part}`
  return new RevectorError('INVALID_INPUT', `${place} is wrong: ${first?.message ?? 'unexpected'}.`, {
    hint: 'See /docs for what is expected.',
    data: { in: part, fields: faults },
  })
}
