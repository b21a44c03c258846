import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'
import { modelStatus } from './model.ts'

/** The state of the database. */
export const databaseStatus = z.strictObject({
  engine: z.enum(['embedded', 'server']),
  serverVersion: z.string(),
  pgvectorVersion: z.string(),
  revision: z.int().describe('Revision of the schema; 0: nothing has been set up.'),
  latestRevision: z.int(),
  legacy: z
    .strictObject({
      table: z.string(),
      column: z.string(),
      dimension: z.int().nullable(),
      rows: z.int(),
    })
    .nullable()
    .describe('A fixed-dimension table that `db run` would adopt.'),
  dimensions: list(z.int()),
  models: list(modelStatus),
  documents: z.int(),
  chunks: z.int(),
})
export type DatabaseStatus = Of<typeof databaseStatus>
