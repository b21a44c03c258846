import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'
import { modelStatus } from './model.ts'

export const databaseStatus = z.strictObject({
  engine: z.enum(['embedded', 'server']),
  serverVersion: z.string(),
  pgvectorVersion: z.string(),
  revision: z.int().describe('Revision of the schema; 0: nothing has been set up.'),
  latestRevision: z.int(),
  readOnly: z
    .boolean()
    .describe(
      'The database takes no writes: a standby, or set to read-only. Searches work; nothing can be stored.',
    ),
  legacy: z
    .strictObject({ table: z.string(), column: z.string(), dimension: z.int().nullable(), rows: z.int() })
    .nullable()
    .describe('A fixed-dimension table that `db run` would adopt.'),
  dimensions: list(z.int()),
  models: list(modelStatus),
  documents: z.int(),
  chunks: z
    .int()
    .describe(
      'Counted now; beyond 20,000, counts of the same process may be as old as twenty times what one takes: some seconds for a million.',
    ),
})
export type DatabaseStatus = Of<typeof databaseStatus>

/** A table as a restore must bring it back. */
const tableFacts = z.strictObject({
  name: z.string().describe('`schema.table`'),
  rows: z.int(),
  checksum: z
    .string()
    .describe('Sum over the rows of a 64-bit hash of the whole row; the order of rows does not matter.'),
})
export type TableFacts = Of<typeof tableFacts>

export const backupReport = z.strictObject({
  file: z.string(),
  bytes: z.int(),
  seconds: z.number(),
  tables: list(tableFacts).describe(
    'Every table that users made, each partition by itself. The backup has the same figures.',
  ),
})
export type BackupReport = Of<typeof backupReport>

export const restoreReport = z.strictObject({
  ...backupReport.shape,
  verified: z
    .boolean()
    .describe(
      'Whether the rows were compared with what the backup recorded. False for a dump that another program made.',
    ),
})
export type RestoreReport = Of<typeof restoreReport>
