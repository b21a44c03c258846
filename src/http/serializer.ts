import type { FastifySerializerCompiler } from 'fastify'
import type * as z from 'zod'
import { encode, wireSchema } from '../wire/codec.ts'

/**
 * Handlers are held to the contract by their types, and the tests by `check`: a service that runs does not spend time on
 * looking at its own answers again, nor fails over them.
 */
export function serializerCompiler(check: boolean): FastifySerializerCompiler<z.ZodType> {
  return ({ schema, method, url }) =>
    (answer) => {
      const json = encode(schema, answer)
      if (check) {
        const checked = wireSchema(schema).safeParse(json)
        if (!checked.success) {
          const [issue] = checked.error.issues
          throw new Error(`${method} ${url} answered outside the contract: ${JSON.stringify(issue)}`)
        }
      }
      return JSON.stringify(json)
    }
}
