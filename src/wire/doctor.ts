import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'

const checkNames = [
  'pgvector',
  'current_model',
  'tables',
  'index',
  'index_use',
  'recall',
  'statistics',
  'orphans',
  'missing_vectors',
  'quarantine',
  'migrations',
  'retirement',
  'drift',
] as const
export type CheckName = (typeof checkNames)[number]

const result = z.enum(['ok', 'warn', 'fail'])

const check = z
  .strictObject({
    check: z.enum(checkNames),
    model: z.string().nullable().describe('The model it is about; null if it is about none.'),
    result: result.describe(
      '`warn`: something needs attention. `fail`: searches are wrong, incomplete or slow because of it.',
    ),
    sentence: z.string(),
    hint: z.string().describe('What to do next; empty if nothing is.'),
    data: z.record(z.string(), z.unknown()),
  })
  .describe('The result of one check.')
export type Check = Of<typeof check>

export const doctorReport = z
  .strictObject({ result: result.describe('The worst result of the checks.'), checks: list(check) })
  .meta({ id: 'Doctor' })
export type DoctorReport = Of<typeof doctorReport>
