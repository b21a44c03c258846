import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'

const checkNames = [
  'pgvector',
  'current_model',
  'adopted_table',
  'tables',
  'index',
  'index_use',
  'recall',
  'statistics',
  'orphans',
  'missing_vectors',
  'stale_vectors',
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

const grant = z.strictObject({
  statement: z.string().describe('For the owner of the tables or a superuser.'),
  held: z.boolean().describe('The role has it already.'),
})

const roleReport = z.strictObject({
  name: z.string(),
  works: list(
    z.strictObject({
      work: z
        .enum(['search-as', 'read-only', 'service', 'owner', 'adopt'])
        .describe(
          '`search-as`: be searched as (`as`), so that its row level security holds. `read-only`: search, ask and list. `service`: also ingest, fill, cut over, make keys. `owner`: also upgrade, add and remove models, start migrations, build indexes. `adopt`: before there is anything, to adopt an application’s tables.',
        ),
      allowed: z.boolean().describe('It has all of these grants.'),
      grants: list(grant),
    }),
  ),
})
export type RoleReport = Of<typeof roleReport>

export const doctorReport = z
  .strictObject({
    result: result.describe('The worst result of the checks.'),
    checks: list(check),
    role: roleReport.nullable().describe('What the role of `--role` needs; null if none was given.'),
  })
  .meta({ id: 'Doctor' })
export type DoctorReport = Of<typeof doctorReport>
