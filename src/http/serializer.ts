import type { FastifySerializerCompiler } from 'fastify'
import type * as z from 'zod'
import { encode, wireSchema } from '../wire/codec.ts'

/**
 * Types hold handlers to the contract, and `check` does so in the tests: a running service does not spend time
 * on checking its own replies, nor fails because of them.
 */
export function serializerCompiler(check: boolean): FastifySerializerCompiler<z.ZodType> {
  return ({ schema, method, url }) =>
    (answer) => {
      const json = encode(schema, answer)
      if (check) {
        const checked = wireSchema(schema).safeParse(json)
        if (!checked.success) {
          const [issue] = checked.error.issues
          throw new Error(`${method} ${url} violates the contract: ${JSON.stringify(issue)}`)
        }
      }
      return JSON.stringify(json)
    }
}
