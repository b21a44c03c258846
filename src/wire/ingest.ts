import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'

const failedFile = z.strictObject({ path: z.string(), code: z.string(), message: z.string() })
export type FailedFile = Of<typeof failedFile>

export const ingestReport = z.strictObject({
  documents: z.int().describe('Documents added or changed.'),
  chunks: z.int().describe('Chunks of those documents.'),
  unchanged: z.int(),
  skipped: z.int().describe('Files in folders that are not documents: pictures, archives, programs.'),
  failed: list(failedFile),
  models: list(z.string()).describe('Models that the documents were embedded with.'),
  pending: z
    .record(z.string(), z.int())
    .describe(
      'By model: vectors that are still missing. Beyond 20,000 chunks, those that writes have recorded.',
    ),
  seconds: z.number(),
})
export type IngestReport = Of<typeof ingestReport>

export const fillReport = z.strictObject({
  modelName: z.string(),
  embedded: z.int().describe('Vectors that a provider made.'),
  reused: z.int().describe('Vectors copied from identical text.'),
  present: z.int().describe('Vectors that already existed.'),
  tokens: z.int(),
  seconds: z.number(),
})
export type FillReport = Of<typeof fillReport>
