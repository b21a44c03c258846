import * as z from 'zod'
import { type ErrorCode, errorCatalogue } from '../../core/errors.ts'

/** RFC 9457, with a stable code. */
export const problem = z
  .looseObject({
    type: z.string().describe('Where the code is explained; it can be compared like the code.'),
    title: z.string().describe('What the code means.'),
    status: z.int(),
    detail: z.string().describe('What happened: what was expected, what was given.'),
    code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]).describe('Stable.'),
    hint: z.string().describe('What to do next; may be empty.'),
    request_id: z.string().describe('Stands in the log too.'),
  })
  .meta({ id: 'Problem', description: 'Further members belong to the code.' })

export type Problem = z.output<typeof problem>

/** What whoever has to say who they are can meet, whatever they ask for. */
export const ofCallers = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'TOO_MANY_REQUESTS',
  'INTERNAL',
  'OVERLOADED',
] as const satisfies readonly ErrorCode[]
