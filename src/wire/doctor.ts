import * as z from 'zod'
import type { Of } from './codec.ts'

const checkNames = [
  'pgvector',
  'current_model',
  'tables',
  'index',
  'index_use',
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
    model: z.string().nullable().describe('The model it is about; null for what belongs to none.'),
    result: result.describe(
      '`warn`: something wants attention. `fail`: searches are wrong, incomplete or slow because of it.',
    ),
    sentence: z.string(),
    hint: z.string().describe('What to do next; empty when nothing is.'),
    data: z.record(z.string(), z.unknown()),
  })
  .describe('One thing that was looked at.')
export type Check = Of<typeof check>

export const doctorReport = z
  .strictObject({
    result: result.describe('The worst of the checks.'),
    checks: z.array(check).readonly(),
  })
  .meta({ id: 'Doctor' })
export type DoctorReport = Of<typeof doctorReport>
