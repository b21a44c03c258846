import type { FastifySerializerCompiler } from 'fastify'
import type { $ZodType } from 'zod/v4/core'
import { safeParse } from 'zod/v4/core'

/**
 * Handlers are held to the contract by their types, and the tests by `check`: a service that runs does not spend time on
 * looking at its own answers again, nor fails over them.
 */
export function serializerCompiler(check: boolean): FastifySerializerCompiler<$ZodType> {
  return ({ schema, method, url }) =>
    (answer) => {
      if (check && schema !== undefined && '_zod' in schema) {
        const checked = safeParse(schema as $ZodType, answer)
        if (!checked.success) {
          const [issue] = checked.error.issues
          throw new Error(`${method} ${url} answered outside the contract: ${JSON.stringify(issue)}`)
        }
      }
      return JSON.stringify(answer)
    }
}
