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
  adopted: z
    .strictObject({
      schema: z.string(),
      table: z.string(),
      column: z.string(),
      verified: z
        .boolean()
        .describe('Whether the first model was asked, and made the vectors that are stored.'),
      exposed: z
        .strictObject({
          schema: z.string(),
          table: z.string(),
          complete: z
            .boolean()
            .describe('False: `db expose` was interrupted, and goes on when it is run again.'),
        })
        .nullable()
        .describe('The table like it for the next deployment of the application.'),
    })
    .nullable()
    .describe('The application’s table that is searched where it is.'),
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

export const adoptedTable = z.strictObject({
  schema: z.string(),
  table: z.string(),
  mode: z
    .enum(['attach', 'copy'])
    .describe('`attach`: the vectors are searched where they lie; `copy`: in a copy that triggers keep.'),
  rows: z.int(),
  model: z.string(),
  verified: z.boolean().describe('Whether the model was asked, and made the vectors that are stored.'),
  lockedMs: z.number().describe('How long writes to the table were held up.'),
  revectorSchema: z.string().describe('Where Revector’s own tables are: `--schema` of every later command.'),
})
export type AdoptedTable = Of<typeof adoptedTable>

export const exposedTable = z.strictObject({
  schema: z.string(),
  table: z.string(),
  model: z.string(),
  rows: z.int(),
  vectors: z.int().describe('Rows that have their vector; the others are pending for a worker.'),
  triggers: list(z.string()).describe(
    'Triggers of the application on its table, which the new one does not have.',
  ),
  functions: list(z.string()).describe(
    'Functions that name the application’s table, as they would be for the new one. They are not created.',
  ),
})
export type ExposedTable = Of<typeof exposedTable>

export const exportedTable = z.strictObject({
  schema: z.string(),
  table: z.string(),
  model: z.string(),
  rows: z.int().describe('Rows of the application for which the model has a vector.'),
})
export type ExportedTable = Of<typeof exportedTable>

export const adoptionPlan = z.strictObject({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  dimension: z.int(),
  mode: z
    .enum(['attach', 'copy'])
    .describe('`attach`: the vectors are searched where they lie; `copy`: in a copy that triggers keep.'),
  texts: z.string().describe('The table of the texts: `schema.table`.'),
  text: z.string().describe('The text, as SQL over its columns.'),
  id: z.string().describe('The columns that name a row.'),
  documentKey: z
    .string()
    .nullable()
    .describe('Rows with the same value are one document; null: each row is one.'),
  where: z.string().nullable(),
  rows: z.int(),
  vectors: z.int(),
  copied: z.int().describe('Vectors that are copied, by the server.'),
  sideTable: z.boolean().describe('Whether a table of Revector’s leads from ids to rows.'),
  maintained: z
    .boolean()
    .describe('Whether Revector makes the vectors from now on; else the application does.'),
  locks: list(z.strictObject({ table: z.string(), mode: z.string() })).describe(
    'While triggers are created, for some milliseconds: writers wait, readers do not.',
  ),
})
export type AdoptionPlan = Of<typeof adoptionPlan>

export const discoveredColumn = z.strictObject({
  schema: z.string(),
  table: z.string(),
  column: z.string(),
  type: z.string().describe('As PostgreSQL spells it: `vector(1536)`, `halfvec(1024)`, `real[]`, …'),
  dimension: z.int().nullable().describe('Of its type, else of most of its vectors; null if it has none.'),
  rows: z.int().nullable().describe('Rows with a vector; null where the user may not read the table.'),
  tool: z.string().nullable().describe('What made the table, by its columns; null if that is not known.'),
  index: z
    .strictObject({ name: z.string(), method: z.string(), valid: z.boolean(), used: z.boolean() })
    .nullable()
    .describe('Its HNSW or IVFFlat index; `used`: whether a search ordered by the column itself can use it.'),
  rowSecurity: z.boolean(),
  mode: z
    .enum(['attach', 'copy', 'none'])
    .describe(
      '`attach`: it can be searched where it lies; `copy`: in a copy that triggers keep; `none`: not as it is.',
    ),
  reason: z.string().nullable().describe('Why it is `none`.'),
  adopt: z.string().nullable().describe('The command that adopts it.'),
})
export type DiscoveredColumn = Of<typeof discoveredColumn>
export const discovered = z.strictObject({ columns: list(discoveredColumn) })

export const releasedTable = z.strictObject({ schema: z.string(), table: z.string() })
export type ReleasedTable = Of<typeof releasedTable>
