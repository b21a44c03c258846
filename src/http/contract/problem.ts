import * as z from 'zod'
import { type ErrorCode, errorCatalogue } from '../../core/errors.ts'

/** RFC 9457, with a stable code. */
export const problem = z
  .looseObject({
    type: z.string().describe('The documentation of the code; unique like the code.'),
    title: z.string().describe('What the code means.'),
    status: z.int(),
    detail: z.string().describe('What happened: expected and received.'),
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]).describe('Stable.'),
    hint: z.string().describe('What to do next; may be empty.'),
    request_id: z.string().describe('Also in the log.'),
  })
  .meta({ id: 'Problem', description: 'Further members depend on the code.' })

export type Problem = z.output<typeof problem>

/** The errors that every request with a caller can have. */
export const ofCallers = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'TOO_MANY_REQUESTS',
  'INTERNAL',
  'OVERLOADED',
] as const satisfies readonly ErrorCode[]
